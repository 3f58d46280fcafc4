//! A table that scrolls on its own.

use leptos::prelude::*;

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The row's header.
    pub(crate) head: String,
    /// Its cells; a single one takes the whole line.
    pub(crate) cells: Vec<String>,
}

/// A table that scrolls on its own.
#[component]
pub(crate) fn Table(
    /// The table's name.
    label: &'static str,
    /// The `data-testid` hook for browser tests.
    testid: &'static str,
    /// The column names, starting with that of the row headers.
    #[prop(into)]
    columns: Signal<Vec<String>>,
    /// Its rows.
    #[prop(into)]
    rows: Signal<Vec<Row>>,
) -> impl IntoView {
    let head = move || {
        let names = columns.get().into_iter();
        names.map(|name| view! { <th scope="col">{name}</th> }).collect_view()
    };
    let row = move |row: Row| {
        let span = match row.cells.len() {
            1 => columns.with_untracked(Vec::len).saturating_sub(1),
            _ => 1,
        };
        let cells = row.cells.into_iter();
        let cells = cells.map(|cell| view! { <td colspan=span>{cell}</td> }).collect_view();
        view! { <tr><th scope="row">{row.head}</th>{cells}</tr> }
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=label>
            <table data-testid=testid>
                <thead><tr>{head}</tr></thead>
                <tbody>{move || rows.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
