//! A curve as a table: CSV for spreadsheets, JSON with everything.

use super::measured::LN_RATIO;
use super::{CalibrationStats, Curve, Measured, Outcome};
use crate::experiment::Question;
use crate::observation::{self, csv_line};

/// The columns, in order: each measure is followed by its error, and the log perplexity ratio also by the ratio itself.
#[must_use]
pub fn columns() -> Vec<String> {
    let mut columns = vec!["value".to_owned(), "status".to_owned()];
    for observation in Measured::default().observations() {
        if observation.standard_error.is_some() {
            columns.extend([observation.measure.clone(), format!("{}_se", observation.measure)]);
        } else {
            columns.push(observation.measure.clone());
        }
        if observation.measure == LN_RATIO {
            columns.push("ppl_ratio".to_owned());
        }
    }
    columns.extend(["base_ppl", "spec", "reason"].map(str::to_owned));
    columns
}

/// The numbers of a point, in the order of the columns.
fn numbers(measured: &Measured) -> Vec<String> {
    let mut cells = Vec::new();
    for observation in measured.observations() {
        let errors = observation.standard_error.iter().flatten();
        cells.extend(observation.values.iter().chain(errors).map(f64::to_string));
        if observation.measure == LN_RATIO {
            cells.push(measured.hemorrhage.ln_ratio.exp().to_string());
        }
    }
    cells
}

/// The protocol in comment lines that begin with `#`, a header, and one line per point, or, for results that are
/// arrays, one line per number ([`observation::csv`]). Logarithms are natural. A failed point has the status `failed`
/// and its reason. Numbers that are not finite are written as `NaN`, `inf` and `-inf`.
#[must_use]
pub fn csv(curve: &Curve) -> String {
    let mut out = comments(curve);
    if curve.question != Question::Curve {
        out.push_str(&observation::csv(&curve.points));
        return out;
    }
    let columns = columns();
    out.push_str(&columns.join(","));
    out.push('\n');
    for point in &curve.points {
        let (status, numbers, reason) = match point.outcome() {
            Outcome::Measured(measured) => ("measured", numbers(&measured), ""),
            Outcome::Observed(_) => ("observed", Vec::new(), ""),
            Outcome::Failed(reason) => ("failed", Vec::new(), reason),
        };
        let mut cells = vec![point.value().to_string(), status.to_owned()];
        cells.extend(numbers);
        cells.resize(columns.len() - 3, String::new());
        cells.extend([curve.base.ppl.to_string(), point.spec.to_string(), reason.to_owned()]);
        out.push_str(&csv_line(&cells));
    }
    out
}

/// The protocol, one fact per line.
fn comments(curve: &Curve) -> String {
    let protocol = &curve.protocol;
    let mut notes = vec![
        ("program", format!("hemoscope {}", protocol.program_version)),
        ("modification", curve.sweep.to_string()),
        (
            "model",
            format!("{} sha256 {}", protocol.model_name, protocol.model_sha256),
        ),
        (
            "text",
            format!("{} sha256 {}", protocol.text_name, protocol.text_sha256),
        ),
        (
            "protocol",
            format!(
                "{}, {} windows of {} tokens, {} tokens scored",
                protocol.name, protocol.windows, protocol.window, protocol.tokens
            ),
        ),
    ];
    if let Some(calibration) = &protocol.calibration {
        let stats = match calibration.stats {
            CalibrationStats::Sequential => "sequential",
            CalibrationStats::Dense => "dense",
        };
        let (name, sha256, windows) = (&calibration.text_name, &calibration.text_sha256, calibration.windows);
        notes.push((
            "calibration",
            format!("{name} sha256 {sha256}, {windows} windows, {stats}"),
        ));
    }
    notes.push(("seed", protocol.seed.to_string()));
    notes.push(("device", curve.device.clone()));
    notes.push(("duration_secs", curve.duration_secs.to_string()));

    let mut out = String::new();
    for (name, note) in notes {
        // A line break in a name would end the comment.
        let note = note.replace(['\r', '\n'], " ");
        out.push_str(&format!("# {name}: {note}\n"));
    }
    out
}

/// The whole curve as indented JSON; numbers that are not finite are written as strings.
///
/// # Errors
/// If serialisation fails, which no measured curve causes.
pub fn json(curve: &Curve) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(curve)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::CalibrationProtocol;
    use crate::curve::testing::{change, fail, of};

    fn example() -> Curve {
        let mut curve = of("rtn:bits=8..2/4,group=32", |bits| (8.0 - bits, 0.5));
        fail(&mut curve, 2);
        change(&mut curve.points[3], |measured| {
            measured.stats.ppl = f64::INFINITY;
            measured.hemorrhage.ln_ratio = f64::NAN;
        });
        curve.protocol.calibration = Some(CalibrationProtocol {
            text_name: "two\nlines".to_owned(),
            text_sha256: "ef".to_owned(),
            windows: 3,
            stats: CalibrationStats::Dense,
        });
        curve
    }

    #[test]
    fn every_line_has_every_column() {
        let text = csv(&example());
        let (notes, lines): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with("# "));
        assert!(notes.contains(&"# calibration: two lines sha256 ef, 3 windows, dense"));
        assert!(notes.contains(&"# protocol: full-window, 4 windows of 512 tokens, 2044 tokens scored"));
        assert_eq!(lines.len(), 5);
        assert_eq!(
            lines[0],
            "value,status,ln_ratio,ln_ratio_se,ppl_ratio,ppl,nll,nll_se,kld_mean,kld_mean_se,kld_median,kld_p99,same_top,same_top_se,tokens,\
             sparsity_achieved,bits_per_weight,blocks,duration_secs,base_ppl,spec,reason"
        );
        // The errors of these curves are such that 1.96 of them would be half of the interval.
        assert!(lines[1].starts_with("8,measured,0,0.308"), "{}", lines[1]);
        assert!(lines[1].ends_with("\"rtn:bits=8,group=32\","), "{}", lines[1]);
        assert!(lines[3].starts_with("4,failed,,,"), "{}", lines[3]);
        assert!(
            lines[3].ends_with("\"the device, \"\"GPU\"\", is gone\""),
            "{}",
            lines[3]
        );
        assert!(lines[4].starts_with("2,measured,NaN,0.308"), "{}", lines[4]);
        for line in &lines {
            let mut inside = false;
            let commas = line.chars().filter(|c| {
                inside ^= *c == '"';
                *c == ',' && !inside
            });
            assert_eq!(commas.count() + 1, columns().len(), "{line}");
        }
    }

    #[test]
    fn json_comes_back_whole() {
        let curve = example();
        let back = serde_json::from_str::<Curve>(&json(&curve).unwrap()).unwrap();
        // NaN does not equal itself, but its text does.
        assert_eq!(csv(&back), csv(&curve));
        assert_eq!(back.points[2], curve.points[2]);
    }
}
