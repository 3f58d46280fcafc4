//! Files that the command line names.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hemoscope::engine::EngineError;
use hemoscope::share::Origin;
use hemoscope::weights::WeightsError;

/// Why the command line gives up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("could not read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("could not write {path}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Plot(#[from] hemoscope::plot::PlotError),
    #[error("could not write the result: {0}")]
    Json(#[from] serde_json::Error),
}

impl CliError {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::from(1),
        }
    }
}

/// A text file's contents.
pub(crate) fn read_text(path: &Path) -> Result<String, CliError> {
    let failed = |source| CliError::Read {
        path: path.to_owned(),
        source,
    };
    let bytes = std::fs::read(path).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| {
        let source = std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("it is not UTF-8 text: {error}"),
        );
        failed(source)
    })
}

/// The last part of a path, as results name files.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Where an asset of a link is: the path that was given, else the bundled file.
pub(crate) fn locate(
    given: Option<PathBuf>,
    origin: &Origin,
    folder: &str,
    ending: &str,
    option: &str,
) -> Result<PathBuf, CliError> {
    if let Some(path) = given {
        return Ok(path);
    }
    let missing = |name: &str| CliError::Usage(format!("the link needs {name}; give its file with {option} FILE"));
    match origin {
        Origin::Bundled(name) => {
            let candidates = [
                Path::new(folder).join(name),
                Path::new(folder).join(format!("{name}{ending}")),
            ];
            candidates
                .into_iter()
                .find(|path| path.exists())
                .ok_or_else(|| missing(name))
        }
        Origin::Own(name) | Origin::Url(name) => Err(missing(name)),
        Origin::Hub { repository, file, .. } => Err(missing(&format!("{repository}/{file}"))),
    }
}
