//! The first paint: sentence and chart of the opening experiment as HTML, so that they show before any module has
//! loaded.
//!
//! It is in index.html between two comments, written by `hemoscope curves`; a test checks it against the stored curve.

use crate::curve::Curve;
use crate::curve::sentence::{Answer, DEFAULT_RATIO, answer};
use crate::decode::StoredTexts;
use crate::experiment::View;
use crate::plot::picture::{alone, alternative};
use crate::plot::{PlotError, Size, draw, escape};
use crate::wording;

/// The element that the page removes once it has rendered itself.
pub const PAINT_ID: &str = "first-paint";
/// The element whose text is the stored curve, so that the page need not fetch it.
pub const CURVE_ID: &str = "opening-curve";
/// The element whose text is what the model writes at each of the curve's strengths.
pub const TEXTS_ID: &str = "opening-texts";

/// The comments around the generated part.
const MARKS: [&str; 2] = ["<!-- opening: written by `hemoscope curves` -->", "<!-- /opening -->"];

/// The chart at phone width and at desktop width.
const SIZES: [(&str, Size); 2] = [
    (
        "is-narrow",
        Size {
            width: 336,
            height: 260,
            type_px: 11.0,
        },
    ),
    (
        "is-wide",
        Size {
            width: 748,
            height: 464,
            type_px: 12.5,
        },
    ),
];

/// Why the first paint can't be written.
#[derive(Debug, thiserror::Error)]
pub enum OpeningError {
    /// The page has no place for it.
    #[error("index.html lacks the comment {0}")]
    NoMark(&'static str),
    /// The chart can't be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The curve can't be written.
    #[error("the curve could not be written: {0}")]
    Curve(#[from] serde_json::Error),
}

/// The page with the first paint of this curve and these texts filled in.
///
/// # Errors
/// If the page has no place for it, or the curve can't be drawn or written.
pub fn written_into(page: &str, curve: &Curve, texts: &StoredTexts) -> Result<String, OpeningError> {
    let [begin, end] = MARKS;
    let (before, rest) = page.split_once(begin).ok_or(OpeningError::NoMark(begin))?;
    let (_, after) = rest.split_once(end).ok_or(OpeningError::NoMark(end))?;
    Ok(format!("{before}{begin}\n{}{end}{after}", opening(curve, texts)?))
}

/// Sentence, chart, curve and texts.
fn opening(curve: &Curve, texts: &StoredTexts) -> Result<String, OpeningError> {
    let Answer { headline, rest } = answer(curve, DEFAULT_RATIO);
    let title = wording::experiment_title(&curve.sweep, &curve.protocol.model_name, &curve.protocol.text_name);
    let mut charts = String::new();
    for (class, size) in SIZES {
        let chart = alone(curve, &View::default(), size);
        let alternative = alternative(&chart, &headline);
        charts.push_str(&draw(&chart)?.still_svg(class, &alternative));
        charts.push('\n');
    }
    Ok(format!(
        "<div class=\"answer\"><p class=\"sentence\">{}</p> <p class=\"clauses\">{}</p></div>\n\
         <p class=\"status\"><span class=\"tag\">{}</span></p>\n\
         <div class=\"chart-head\"><div class=\"chart-line\"><h2 class=\"chart-title\">{}</h2></div></div>\n\
         <div class=\"chart\">\n{charts}</div>\n\
         <script type=\"application/json\" id=\"{CURVE_ID}\">{}</script>\n\
         <script type=\"application/json\" id=\"{TEXTS_ID}\">{}</script>\n",
        escape(&wording::kept_together(&headline)),
        escape(&wording::kept_together(&rest)),
        wording::STORED,
        escape(&title),
        in_script(&serde_json::to_string(curve)?),
        in_script(&serde_json::to_string(texts)?),
    ))
}

/// JSON inside a script element: nothing is escaped there, and only `</` could end it.
fn in_script(json: &str) -> String {
    json.replace("</", "<\\/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::testing::smollm2;

    fn texts() -> StoredTexts {
        let texts = include_str!("../../../web/curves/hemoscope-4m/writing/wanda.json");
        serde_json::from_str(texts).expect("stored texts")
    }

    #[test]
    fn the_first_paint_stands_between_its_comments_and_can_be_written_again() {
        let [begin, end] = MARKS;
        let page = format!("<body>{begin}what was there{end}</body>");
        let written = written_into(&page, &smollm2(), &texts()).expect("it is written");
        assert!(!written.contains("what was there") && written.contains("Under Wanda pruning, SmolLM2"));
        assert_eq!(written.matches("<svg").count(), 2);
        assert_eq!(
            written_into(&written, &smollm2(), &texts()).expect("it is written"),
            written
        );
        assert!(written_into("<body></body>", &smollm2(), &texts()).is_err());
    }

    #[test]
    fn index_html_holds_what_is_written_of_the_stored_curve() {
        let page = include_str!("../../../index.html");
        let curve = include_str!("../../../web/curves/hemoscope-4m/wanda.json");
        let curve = serde_json::from_str(curve).expect("a stored curve");
        let written = written_into(page, &curve, &texts()).expect("it is written");
        assert!(written == page, "index.html is out of date: 'make curves' writes it");
        for id in [PAINT_ID, CURVE_ID, TEXTS_ID] {
            assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
    }

    #[test]
    fn the_page_reads_curve_and_texts_back() {
        let (curve, mut texts) = (smollm2(), texts());
        texts.written[0].base = "a </script> in a text".to_owned();
        let written = opening(&curve, &texts).expect("it is written");
        let script = |id: &str| {
            let start = format!("json\" id=\"{id}\">");
            let (_, rest) = written.split_once(&start).expect("a script");
            rest.split("</script>").next().expect("its end")
        };
        assert_eq!(serde_json::from_str::<Curve>(script(CURVE_ID)).expect("a curve"), curve);
        assert_eq!(
            serde_json::from_str::<StoredTexts>(script(TEXTS_ID)).expect("texts"),
            texts
        );
    }
}
