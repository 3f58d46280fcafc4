//! What the terms mean.

use leptos::prelude::*;

use crate::parts::{HEMORRHAGE, Menu, PERPLEXITY};

/// What the terms mean, and which keys there are.
#[component]
pub(super) fn HelpMenu() -> impl IntoView {
    view! {
        <Menu title="Help" sheet="help">
            <p>
                "A language model guesses the next word of a text. Here its weights are damaged step by step, and each \
                 damaged model reads the same text as the untouched one."
            </p>
            <dl>
                <dt>"Token"</dt>
                <dd>"A word or a piece of one: what the model reads and guesses."</dd>
                <dt>"Window"</dt>
                <dd>"A stretch of the text that the model reads at once; each begins without what came before."</dd>
                <dt>"Perplexity"</dt>
                <dd>{PERPLEXITY.note}</dd>
                <dt>"Hemorrhage"</dt>
                <dd>{HEMORRHAGE.note}</dd>
                <dt>"KL divergence"</dt>
                <dd>"How far the predicted probabilities of all tokens have moved."</dd>
                <dt>"Same next word"</dt>
                <dd>"How often both models find the same token most likely."</dd>
                <dt>"Calibrate"</dt>
                <dd>
                    "Some methods first watch the model read another text, to learn which weights or blocks it needs."
                </dd>
                <dt>"Residual stream"</dt>
                <dd>
                    "The vector for each token that every block reads and adds to. Its relative error says how far the damaged \
                     model's is from the untouched one's: 0 % is the same, 100 % as far off as the vector is long."
                </dd>
                <dt>"Whiskers"</dt>
                <dd>"With 95 % confidence the true value, for texts like this one, lies between their ends."</dd>
                <dt>"Three sizes"</dt>
                <dd>
                    "Three small models that differ only in size, each trained once. The page says whether larger ones break \
                     later only where the intervals of their thresholds don't overlap. These cover the choice of text, \
                     not the randomness of training."
                </dd>
                <dt>"Everything stays here"</dt>
                <dd>"The model runs in this browser. A link holds only settings."</dd>
                <dt>"Another tab"</dt>
                <dd>"A run goes on while this tab is in the background. Closing the tab ends it."</dd>
            </dl>
            <p>
                <kbd>"R"</kbd>" run · "<kbd>"Esc"</kbd>" cancel · "<kbd>"←"</kbd>" "<kbd>"→"</kbd>" walk the points, or the blocks · "
                <kbd>"L"</kbd>" copy the link"
            </p>
        </Menu>
    }
}
