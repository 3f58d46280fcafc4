//! The chart: plotters' drawing, and points over it that can be reached by pointer and keyboard.

use leptos::prelude::*;
use leptos::{html, svg};

use crate::doors::browser;
use hemoscope_core::plot::{Drawing, Label, Mark, MarkKind, Size};

/// A point of the chart, with its name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamedMark {
    pub(crate) mark: Mark,
    pub(crate) name: String,
}

/// The key by which a mark stays the same when the chart changes: its curve and its index there. A provisional mark
/// gets a new key with each value.
type MarkKey = (usize, usize, Option<[u64; 2]>);

impl NamedMark {
    fn key(&self) -> MarkKey {
        let Mark {
            series,
            index,
            x,
            y,
            kind,
            ..
        } = &self.mark;
        let provisional = (*kind == MarkKind::Pending).then(|| [x.to_bits(), y.to_bits()]);
        (*series, *index, provisional)
    }
}

/// The points in the order in which they are drawn: kept curves below the shown one, whose points keep their order,
/// which the keyboard follows.
pub(crate) fn in_order(marks: Vec<NamedMark>) -> Vec<NamedMark> {
    let (shown, mut kept): (Vec<_>, Vec<_>) = marks.into_iter().partition(|named| named.mark.series == 0);
    kept.extend(shown);
    kept
}

/// Wide charts are flat and narrow ones nearly square, so that both fit on their screens. The style sheet reserves the
/// same size.
pub(crate) fn size_for(width: f64, present: bool) -> Size {
    let height = if present {
        browser::inner_height().map_or(700.0, |inner| inner * 0.62)
    } else {
        (width * 0.62).clamp(260.0, 620.0)
    };
    let type_px = match width {
        _ if present => 20.0,
        ..480.0 => 11.0,
        ..1000.0 => 12.5,
        _ => 14.0,
    };
    Size {
        width: width.max(240.0) as u32,
        height: height as u32,
        type_px,
    }
}

/// What can get the keyboard focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    /// The whole chart.
    Chart,
    /// A point of the first series, by its index.
    Mark(usize),
}

/// A chart as wide as its container.
#[component]
pub(crate) fn Chart(
    /// The text alternative.
    #[prop(into)]
    label: Signal<String>,
    /// The drawing; `None` where there is none.
    drawing: Memo<Option<Drawing>>,
    /// The points, in the order in which they are drawn.
    marks: Memo<Vec<NamedMark>>,
    /// The index of the selected point in the first series.
    #[prop(into)]
    selected: Signal<Option<usize>>,
    /// Called when a point of the first series is pointed at.
    on_select: Callback<usize>,
    /// What is to get the focus; `None` once it has it.
    focus: RwSignal<Option<Focus>>,
    /// The width of its container, in CSS pixels.
    width: RwSignal<f64>,
) -> impl IntoView {
    let frame = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(frame) = frame.get() {
            browser::on_resize(&frame, move |now| {
                if now > 0.0 && (now - width.get_untracked()).abs() >= 1.0 {
                    width.set(now);
                }
            });
        }
    });
    let whole = NodeRef::<svg::Svg>::new();
    Effect::new(move |_| {
        if let Some(whole) = whole.get().filter(|_| focus.get() == Some(Focus::Chart)) {
            browser::focus(&whole);
            focus.set(None);
        }
    });
    let size = Memo::new(move |_| drawing.with(|drawing| drawing.as_ref().map(|drawing| drawing.size)));
    let pixels = move |read: fn(Size) -> u32| move || size.get().map_or(0, read);
    // An empty one would be an error on the console.
    let view_box = move || size.get().map(|size| format!("0 0 {} {}", size.width, size.height));
    let backdrop = Memo::new(move |_| drawing.with(|drawing| drawing.as_ref().map(|drawing| drawing.backdrop.clone())));
    let labels = Memo::new(move |_| {
        drawing.with(|drawing| {
            let Some(drawing) = drawing else { return Vec::new() };
            let names = drawing.labels.iter().map(|label| (label.clone(), false));
            names
                .chain(drawing.thresholds.iter().map(|label| (label.clone(), true)))
                .collect()
        })
    });
    let radius = Memo::new(move |_| drawing.with(|drawing| drawing.as_ref().map_or(0.0, Drawing::mark_radius)));
    view! {
        <div class="chart" node_ref=frame>
            <svg
                node_ref=whole
                data-testid="chart"
                role="group"
                tabindex="-1"
                width=pixels(|size| size.width)
                height=pixels(|size| size.height)
                viewBox=view_box
                aria-label=label
            >
                <g aria-hidden="true" inner_html=move || backdrop.get().unwrap_or_default()></g>
                <g>
                    <For each=move || marks.get() key=NamedMark::key let:named>
                        <Point key=named.key() marks radius selected on_select focus/>
                    </For>
                </g>
                <g class="names" aria-hidden="true">
                    {move || labels.get().into_iter().map(written).collect_view()}
                </g>
            </svg>
        </div>
    }
}

/// One point.
#[component]
fn Point(
    /// The point's key.
    key: MarkKey,
    /// All points.
    marks: Memo<Vec<NamedMark>>,
    /// How large a mark is, in pixels.
    radius: Memo<f64>,
    /// The index of the selected point.
    selected: Signal<Option<usize>>,
    /// Called when this point is pointed at.
    on_select: Callback<usize>,
    /// What is to get the focus; `None` once it has it.
    focus: RwSignal<Option<Focus>>,
) -> impl IntoView {
    // A point that is being removed stays as it was.
    let own = Memo::new(move |before: Option<&Option<NamedMark>>| {
        let found = marks.with(|marks| marks.iter().find(|named| named.key() == key).cloned());
        found.or_else(|| before.cloned().flatten())
    });
    let of = move |read: fn(&NamedMark) -> String| move || own.with(|own| own.as_ref().map(read).unwrap_or_default());
    // Neither kept curves nor unfinished points can be selected.
    let (series, _, provisional) = key;
    let place = Memo::new(move |_| {
        let can = series == 0 && provisional.is_none();
        own.with(|own| own.as_ref().filter(|_| can).map(|named| named.mark.index))
    });
    let element = NodeRef::<svg::G>::new();
    Effect::new(move |_| {
        let own = place.get().map(Focus::Mark);
        if let Some(element) = element.get().filter(|_| own.is_some() && focus.get() == own) {
            browser::focus(&element);
            focus.set(None);
        }
    });
    let testid = match (provisional, series) {
        (Some(_), _) => "pending-point",
        (None, 0) => "point",
        (None, _) => "kept-point",
    };
    let class = move || {
        let kind = own.with(|own| own.as_ref().map(|named| named.mark.kind));
        let kind = match kind {
            Some(MarkKind::Pending) => "mark is-pending",
            _ if series > 0 => "mark is-kept",
            Some(MarkKind::Measured) | None => "mark",
            Some(MarkKind::Failed | MarkKind::OffScale | MarkKind::BelowScale) => "mark is-hollow",
        };
        let is_selected = place.get().is_some() && place.get() == selected.get();
        if is_selected {
            format!("{kind} is-selected")
        } else {
            kind.to_owned()
        }
    };
    let select = move || {
        if let Some(place) = place.get_untracked() {
            on_select.run(place);
        }
    };
    let whisker = move || {
        let ends = own.with(|own| {
            own.as_ref()
                .and_then(|named| Some((named.mark.left, named.mark.whisker?)))
        });
        ends.map(|(left, [low, high])| {
            view! { <path class="whisker" d=format!("M{left:.1} {low:.1}V{high:.1}")></path> }
        })
    };
    let (left, top) = (
        of(|named| format!("{:.1}", named.mark.left)),
        of(|named| format!("{:.1}", named.mark.top)),
    );
    view! {
        <g
            node_ref=element
            class=class
            data-testid=testid
            data-index=move || place.get().map(|place| place.to_string())
            tabindex=move || place.get().map(|_| "0")
            data-x=of(|named| named.mark.x.to_string())
            data-y=of(|named| named.mark.y.to_string())
            role="img"
            aria-label=of(|named| named.name.clone())
            style=of(|named| format!("--mark:{}", named.mark.role.css()))
            on:focus=move |_| select()
            on:mouseover=move |_| select()
            on:click=move |_| select()
        >
            <title>{of(|named| named.name.clone())}</title>
            {whisker}
            <circle class="reach" cx=left cy=top r=move || format!("{:.1}", radius.get() * 3.0)></circle>
            <circle class="dot" cx=left cy=top r=move || format!("{:.1}", radius.get())></circle>
        </g>
    }
}

/// The name of a curve, or of a threshold.
fn written((label, is_threshold): (Label, bool)) -> impl IntoView {
    view! {
        <text
            x=format!("{:.1}", label.left)
            y=format!("{:.1}", label.top)
            text-anchor=label.anchor.svg()
            fill=label.role.css()
            data-testid=is_threshold.then_some("threshold")
        >
            {label.text}
        </text>
    }
}
