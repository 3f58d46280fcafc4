//! Files that the command line names.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use hemoscope_core::experiment::Origin;
use hemoscope_core::weights::WeightsError;
use hemoscope_engine::EngineError;
use parquet::errors::ParquetError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("could not read {path}: {source}; check the path, or give another file")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("could not write {path}: {source}; choose another place with --out")]
    Write { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} holds no result of hemoscope: {source}; give a file as `hemoscope sweep --out FILE.json` writes it"
    )]
    NotAResult { path: PathBuf, source: serde_json::Error },
    #[error("could not print the result: {source}; check where standard output goes")]
    Print { source: std::io::Error },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Plot(#[from] hemoscope_core::plot::PlotError),
    #[error("the page's first paint could not be written: {0}")]
    Opening(#[from] hemoscope_core::wording::opening::OpeningError),
    #[error("could not write the result: {0}")]
    Json(#[from] serde_json::Error),
    #[error("could not write the result as Parquet: {0}; write .csv instead")]
    Parquet(#[from] ParquetError),
}

impl CliError {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::NotAResult { .. } | Self::Engine(EngineError::OutOfRange { .. }) => {
                ExitCode::from(2)
            }
            _ => ExitCode::from(1),
        }
    }
}

/// The format of a written curve.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    Json,
    Csv,
    Parquet,
    Svg,
}

/// Where to write a curve. Checked before anything is measured, since a failure afterwards would lose the measurement.
#[derive(Debug, Clone)]
pub(crate) struct OutFile {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
}

/// Why nothing can be written to a path.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutFileError {
    #[error("the file's extension decides the format; it must be .json, .csv, .parquet or .svg")]
    Ending,
    #[error("there is no folder {folder}; create it first, or choose another")]
    Folder { folder: PathBuf },
}

impl FromStr for OutFile {
    type Err = OutFileError;

    fn from_str(text: &str) -> Result<Self, OutFileError> {
        let path = PathBuf::from(text);
        let format = match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            Some("parquet") => Format::Parquet,
            Some("svg") => Format::Svg,
            _ => return Err(OutFileError::Ending),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => Err(OutFileError::Folder {
                folder: folder.to_owned(),
            }),
            _ => Ok(Self { path, format }),
        }
    }
}

/// What a file that hemoscope wrote as JSON holds.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    serde_json::from_str(&read_text(path)?).map_err(|source| CliError::NotAResult {
        path: path.to_owned(),
        source,
    })
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

/// Where an asset of a link is: the given path, or else the bundled file.
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
