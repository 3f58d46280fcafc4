//! `hemoscope depth`: the residual stream's error after each block.

use std::io::{self, Write};
use std::process::ExitCode;

use hemoscope_core::curve::Curve;
use hemoscope_core::experiment::Ask;
use hemoscope_core::modify::Sweep;
use hemoscope_core::observation::find;
use hemoscope_core::plot::DepthMeasure;
use hemoscope_core::wording;
use hemoscope_engine::RunResult;
use serde_json::{Value, json};

use crate::args::Setting;
use crate::commands::{execute, save_all};
use crate::files::{CliError, OutFile};
use crate::output;

/// Compares the models after each block, at each strength of the sweep.
pub(crate) async fn depth(
    setting: &Setting,
    modify: Sweep,
    files: &[OutFile],
    json: bool,
) -> Result<ExitCode, CliError> {
    let RunResult { curve, complete, .. } = execute(setting, Ask::Depth(modify)).await?;
    if json {
        output::print_json(&observations_json(&curve))?;
    } else {
        output::print(|out| write_depth(out, &curve))?;
    }
    save_all(&curve, files)?;
    Ok(
        if complete && curve.points.iter().any(|point| point.failure().is_none()) {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        },
    )
}

/// Every observation of every point, with its strength.
pub(crate) fn observations_json(curve: &Curve) -> Value {
    let mut observations = Vec::new();
    let mut failed = Vec::new();
    for point in &curve.points {
        for observation in &point.observations {
            observations.push(json!({
                "measure": observation.measure,
                "at": point.at,
                "spec": point.spec.to_string(),
                "axes": observation.axes,
                "values": observation.values.iter().map(|value| finite(*value)).collect::<Vec<_>>(),
                "unit": observation.unit,
            }));
        }
        if let Some(reason) = point.failure() {
            failed.push(json!({ "at": point.at, "spec": point.spec.to_string(), "reason": reason }));
        }
    }
    json!({
        "observations": observations,
        "failed": failed,
        "protocol": curve.protocol,
        "device": curve.device,
        "seconds": curve.duration_secs,
    })
}

/// A number, or null where JSON has no number for it.
fn finite(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// For each measure, a table with one line per strength and one column per site.
pub(crate) fn write_depth(out: &mut dyn Write, curve: &Curve) -> io::Result<()> {
    for measure in DepthMeasure::ALL {
        writeln!(out, "{}", measure.axis_title())?;
        let observed = |observations| find(observations, measure.key());
        let longest = curve.points.iter().filter_map(|point| observed(&point.observations));
        if let Some(longest) = longest.max_by_key(|observation| observation.values.len()) {
            let names = longest.axes.iter().flat_map(|axis| &axis.labels);
            let names = names.map(|name| format!("{name:>10}")).collect::<String>();
            writeln!(out, "{:>10}{names}", "value")?;
        }
        for point in &curve.points {
            if let Some(observation) = observed(&point.observations) {
                let values = observation.values.iter().map(|value| format!("{value:>10.5}"));
                writeln!(out, "{:>10}{}", point.value(), values.collect::<String>())?;
            }
        }
    }
    for answer in curve.points.iter().filter_map(|point| wording::depth(curve, point)) {
        writeln!(out, "{}", answer.whole())?;
    }
    output::write_protocol(out, curve)
}
