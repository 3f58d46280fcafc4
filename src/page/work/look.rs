//! Which bundled models this copy of the page has, and what downloading them would cost.

use leptos::prelude::*;

use super::page::Page;
use crate::doors::fetch::{self, Cancel, FetchError, Hub};
use crate::state::{Model, looked_at};
use hemoscope_core::experiment::bundled::SMOLLM2;
use hemoscope_core::experiment::{Asset, Origin};
use hemoscope_core::wording;

impl Page {
    /// Finds out how many bytes the bundled models in the chart take, so that Run can show it; nothing large is
    /// fetched. Third-party servers are asked about their models only when the user wants them.
    pub(crate) async fn look_for_model(self) {
        let link = self.link.get_untracked();
        let (models, model) = (looked_at(&link), link.experiment.model);
        if !matches!(model.origin, Origin::Bundled(_)) {
            return;
        }
        let mut cost = 0;
        let mut missing = None;
        let others = models.into_iter().map(|model| Asset::bundled(model.name));
        let others = others.filter(|other| other.origin != model.origin);
        for asset in std::iter::once(model.clone()).chain(others) {
            match fetch::plan(&asset, &Hub::default(), &Cancel::default()).await {
                Ok(plan) => cost += plan.missing_bytes(),
                Err(FetchError::NotBundled { name }) => missing = Some(name),
                Err(_) => return,
            }
        }
        self.update(|state| {
            if state.link.experiment.model != model || state.machine.model != Model::Absent {
                return;
            }
            let Some(name) = missing else {
                state.machine.cost = Some(cost);
                return;
            };
            let text = format!(
                "This site does not include {}. Choose another model under “Measure on”; stored curves stay readable.",
                wording::title(&name)
            );
            state.ui.notify(&text);
            state.machine.model = Model::Missing(text);
        });
    }

    /// Finds out whether this copy of the page has SmolLM2, which it may lack, so that it is offered only if present.
    pub(crate) async fn look_for_optional_model(self) {
        let asset = Asset::bundled(SMOLLM2.name);
        let found = fetch::plan(&asset, &Hub::default(), &Cancel::default()).await;
        if let Err(FetchError::NotBundled { name }) = found {
            self.update(|state| state.machine.absent.push(name));
        }
    }
}
