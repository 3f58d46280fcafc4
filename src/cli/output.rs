//! Results as text.

use std::io::{self, Write};
use std::path::Path;

use hemoscope_core::curve::{Curve, Measured, Outcome, sentence, table};
use hemoscope_core::experiment::View;
use hemoscope_core::metric::Stats;
use hemoscope_core::plot::picture;
use hemoscope_core::plot::{DepthChart, DepthMeasure, Size, draw, draw_depth};
use hemoscope_core::weights::Pristine;
use hemoscope_core::wording;
use hemoscope_engine::RunResult;
use serde_json::json;

use crate::files::{CliError, Format, OutFile};
use crate::parquet_file;

/// Prints to standard output. A closed pipe (`| head`) is not an error: the command continues.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CliError> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Print { source }),
        _ => Ok(()),
    }
}

/// Prints one JSON value.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value)?;
    print(|out| writeln!(out, "{text}"))
}

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
        "warnings": curve.protocol.warnings,
        "protocol": curve.protocol,
        "device": curve.device,
        "seconds": curve.duration_secs,
    })
}

/// A perplexity in twelve columns.
fn perplexity(value: f64) -> String {
    if value < 1e7 || !value.is_finite() {
        format!("{value:.4}")
    } else {
        format!("{value:.4e}")
    }
}

/// The same as a table.
pub(crate) fn write_measurement(out: &mut dyn Write, curve: &Curve, measured: &Measured) -> io::Result<()> {
    let row = |out: &mut dyn Write, name: &str, stats: &Stats| {
        writeln!(
            out,
            "{name:<10} {:>12} {:>10.4} {:>8} {:>10.5} {:>10.5} {:>10.5} {:>9.4}",
            perplexity(stats.ppl),
            stats.nll,
            error(stats.nll_se, 4),
            stats.kld_mean,
            stats.kld_median,
            stats.kld_p99,
            stats.same_top
        )
    };
    writeln!(
        out,
        "{:<10} {:>12} {:>10} {:>8} {:>10} {:>10} {:>10} {:>9}",
        "", "perplexity", "nll", "± se", "KL mean", "median", "99 %", "same top"
    )?;
    row(out, "untouched", &curve.base)?;
    row(out, "modified", &measured.stats)?;
    let hemorrhage = measured.hemorrhage;
    writeln!(
        out,
        "ln(PPL/PPL₀) = {:.5} ± {}; sparsity {:.4}; {:.3} bits per weight; {} blocks",
        hemorrhage.ln_ratio,
        error(hemorrhage.ln_ratio_se, 5),
        measured.sparsity_achieved,
        measured.bits_per_weight,
        measured.blocks
    )?;
    write_protocol(out, curve)
}

/// A standard error, or that it is not known, as with one window.
fn error(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        "unknown".to_owned()
    } else {
        format!("{value:.decimals$}")
    }
}

/// How it was measured, on which device and in what time.
pub(crate) fn write_protocol(out: &mut dyn Write, curve: &Curve) -> io::Result<()> {
    let protocol = &curve.protocol;
    writeln!(
        out,
        "{} on {}, {} windows × {} tokens ({} scored), {}, {:.1} s",
        protocol.model_name,
        protocol.text_name,
        protocol.windows,
        protocol.window,
        protocol.tokens,
        curve.device,
        curve.duration_secs
    )
}

/// A curve as a table.
pub(crate) fn write_curve(out: &mut dyn Write, curve: &Curve) -> io::Result<()> {
    writeln!(
        out,
        "{:>10} {:>12} {:>14} {:>9} {:>10} {:>9} {:>9}",
        "value", "perplexity", "ln(PPL/PPL₀)", "± se", "KL mean", "same top", "sparsity"
    )?;
    for point in &curve.points {
        match point.outcome() {
            Outcome::Measured(measured) => writeln!(
                out,
                "{:>10} {:>12} {:>14.5} {:>9} {:>10.5} {:>9.4} {:>9.4}",
                point.value(),
                perplexity(measured.stats.ppl),
                measured.hemorrhage.ln_ratio,
                error(measured.hemorrhage.ln_ratio_se, 5),
                measured.stats.kld_mean,
                measured.stats.same_top,
                measured.sparsity_achieved
            )?,
            Outcome::Observed(_) => writeln!(out, "{:>10} observed; see `hemoscope depth`", point.value())?,
            Outcome::Failed(reason) => writeln!(out, "{:>10} failed: {reason}", point.value())?,
        }
    }
    writeln!(out, "{}", sentence::describe(curve))?;
    write_protocol(out, curve)
}

/// The metadata of a model's file, and the size of each tensor.
pub(crate) fn write_model(out: &mut dyn Write, pristine: &Pristine, sha256: &str, bits: f64) -> io::Result<()> {
    let config = pristine.config();
    writeln!(out, "{}", config.name.as_deref().unwrap_or("(no name)"))?;
    writeln!(out, "architecture     {}", config.architecture.name)?;
    writeln!(
        out,
        "licence          {}",
        config.licence.as_deref().unwrap_or("not stated in the file")
    )?;
    writeln!(out, "sha256           {sha256}")?;
    writeln!(out, "parameters       {}", pristine.parameters())?;
    writeln!(out, "bits per weight  {bits:.3}")?;
    writeln!(
        out,
        "blocks {}, hidden {}, intermediate {}, heads {} ({} for keys and values) × {}, vocabulary {}, context {}",
        config.blocks,
        config.hidden,
        config.intermediate,
        config.heads,
        config.kv_heads,
        config.head_dim,
        config.vocabulary,
        config.context
    )?;
    for (_, tensor) in pristine.tensors() {
        let [rows, columns] = tensor.shape();
        writeln!(
            out,
            "{:<40} {rows:>7} × {columns:<7} {:<6} {:>12} bytes",
            tensor.name(),
            tensor.encoding(),
            tensor.stored_bytes()
        )?;
    }
    Ok(())
}

/// The size of pictures.
pub(crate) const PICTURE: Size = Size {
    width: 960,
    height: 540,
    type_px: 14.0,
};

/// The chart that the page shows for a curve, in fixed colours.
fn svg(curve: &Curve) -> Result<String, CliError> {
    let title = format!("{} of {}", curve.sweep, curve.protocol.model_name);
    if let Some(chart) = DepthChart::of(curve, DepthMeasure::default(), None, PICTURE) {
        let last = curve.points.iter().rfind(|point| !point.observations.is_empty());
        let said = last.and_then(|last| Some(wording::depth(curve, last)?.whole()));
        return Ok(draw_depth(&chart)?.to_svg(&title, &said.unwrap_or_default()));
    }
    let drawing = draw(&picture::alone(curve, &View::default(), PICTURE))?;
    Ok(drawing.to_svg(&title, &sentence::describe(curve)))
}

/// Writes a curve to a file.
pub(crate) fn save_curve(curve: &Curve, file: &OutFile) -> Result<(), CliError> {
    let bytes = match file.format {
        Format::Json => table::json(curve)?.into_bytes(),
        Format::Csv => table::csv(curve).into_bytes(),
        Format::Parquet => parquet_file::bytes(curve)?,
        Format::Svg => svg(curve)?.into_bytes(),
    };
    save(&file.path, &bytes)
}

/// Writes a text file, creating its folder if that is missing.
pub(crate) fn save_text(path: &Path, text: &str) -> Result<(), CliError> {
    save(path, text.as_bytes())
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| std::fs::write(path, bytes))
        .map_err(|source| CliError::Write {
            path: path.to_owned(),
            source,
        })
}
