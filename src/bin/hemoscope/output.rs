//! Results as text.

use std::path::Path;

use hemoscope::app::picture;
use hemoscope::curve::{Curve, Measured, Outcome, sentence, table};
use hemoscope::engine::RunResult;
use hemoscope::metric::Stats;
use hemoscope::plot::{Size, draw};
use hemoscope::share::View;
use serde_json::json;

use crate::files::CliError;

/// The one JSON object of `measure --json`.
pub(crate) fn measurement_json(result: &RunResult, measured: &Measured) -> serde_json::Value {
    let curve = &result.curve;
    json!({
        "base": curve.base,
        "modified": measured.stats,
        "modification": {
            "spec": curve.points.first().map(|point| point.spec.to_string()),
            "sparsity_achieved": measured.sparsity_achieved,
            "bits_per_weight": measured.bits_per_weight,
            "blocks": measured.blocks,
            "ln_ppl_ratio": measured.hemorrhage.ln_ratio,
            "ln_ppl_ratio_se": measured.hemorrhage.ln_ratio_se,
            "block_influence": result.block_influence,
        },
        "protocol": curve.protocol,
        "device": curve.device,
        "seconds": curve.duration_secs,
    })
}

/// The same for a person.
pub(crate) fn print_measurement(result: &RunResult, measured: &Measured) {
    let curve = &result.curve;
    let row = |name: &str, stats: &Stats| {
        println!(
            "{name:<10} {:>12.4} {:>10.4} {:>8.4} {:>10.5} {:>10.5} {:>10.5} {:>9.4}",
            stats.ppl, stats.nll, stats.nll_se, stats.kld_mean, stats.kld_median, stats.kld_p99, stats.same_top
        );
    };
    println!(
        "{:<10} {:>12} {:>10} {:>8} {:>10} {:>10} {:>10} {:>9}",
        "", "perplexity", "nll", "± se", "KL mean", "median", "99 %", "same top"
    );
    row("untouched", &curve.base);
    row("modified", &measured.stats);
    let hemorrhage = measured.hemorrhage;
    println!(
        "ln(PPL/PPL₀) = {:.5} ± {:.5}; sparsity {:.4}; {:.3} bits per weight; {} blocks",
        hemorrhage.ln_ratio,
        hemorrhage.ln_ratio_se,
        measured.sparsity_achieved,
        measured.bits_per_weight,
        measured.blocks
    );
    print_protocol(curve);
}

fn print_protocol(curve: &Curve) {
    let protocol = &curve.protocol;
    println!(
        "{} on {}, {} windows × {} tokens ({} scored), {}, {:.1} s",
        protocol.model_name,
        protocol.text_name,
        protocol.windows,
        protocol.window,
        protocol.tokens,
        curve.device,
        curve.duration_secs
    );
}

/// A curve for a person.
pub(crate) fn print_curve(curve: &Curve) {
    println!(
        "{:>10} {:>12} {:>14} {:>9} {:>10} {:>9} {:>9}",
        "value", "perplexity", "ln(PPL/PPL₀)", "± se", "KL mean", "same top", "sparsity"
    );
    for point in &curve.points {
        match &point.outcome {
            Outcome::Measured(measured) => println!(
                "{:>10} {:>12.4} {:>14.5} {:>9.5} {:>10.5} {:>9.4} {:>9.4}",
                point.value,
                measured.stats.ppl,
                measured.hemorrhage.ln_ratio,
                measured.hemorrhage.ln_ratio_se,
                measured.stats.kld_mean,
                measured.stats.same_top,
                measured.sparsity_achieved
            ),
            Outcome::Failed(reason) => println!("{:>10} failed: {reason}", point.value),
        }
    }
    println!("{}", sentence::describe(curve));
    print_protocol(curve);
}

/// The chart that the page shows of a curve, in fixed colours.
fn svg(curve: &Curve) -> Result<String, CliError> {
    let size = Size {
        width: 960,
        height: 540,
        type_px: 14.0,
    };
    let drawing = draw(&picture::alone(curve, &View::default(), size))?;
    let protocol = &curve.protocol;
    Ok(drawing.to_svg(
        &format!("{} of {}", curve.sweep, protocol.model_name),
        &sentence::describe(curve),
    ))
}

/// Writes a curve; the file's ending decides how.
pub(crate) fn write_curve(curve: &Curve, path: &Path) -> Result<(), CliError> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let text = match ending {
        "json" => table::json(curve)?,
        "csv" => table::csv(curve),
        "svg" => svg(curve)?,
        _ => {
            let path = path.display();
            return Err(CliError::Usage(format!(
                "--out {path}: the file's ending must be .json, .csv or .svg"
            )));
        }
    };
    std::fs::write(path, text).map_err(|source| CliError::Write {
        path: path.to_owned(),
        source,
    })
}
