//! Files of the operating system.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::{NamedFile, OpenedModel, open};
use crate::weights::{ReadAt, WeightsError};

/// A file on disk, read where asked and never held in memory.
#[derive(Debug)]
struct DiskFile {
    size: u64,
    file: Mutex<File>,
}

impl ReadAt for DiskFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        // Each read seeks first, so a thread that panicked in between leaves no bad state behind.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(io::SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }
}

/// Opens a model on disk: one file, or a folder with `config.json`, `*.safetensors` and `tokenizer.json`, or a folder
/// with a llama2.c model and its tokenizer. With a llama2.c `.bin` file, the `tok*.bin` beside it is opened too.
///
/// # Errors
/// What [`open`] reports, or that the path can't be read.
pub fn open_path(path: &Path) -> Result<OpenedModel, WeightsError> {
    open(files(path)?)
}

/// The files of a model on disk, as [`open_path`] opens them.
///
/// # Errors
/// If the path can't be read.
pub fn files(path: &Path) -> Result<Vec<NamedFile>, WeightsError> {
    if path.is_dir() {
        return folder(path, |name| belongs(name) || name.ends_with(".gguf"));
    }
    let mut files = vec![disk_file(path)?];
    let siblings: Option<fn(&str) -> bool> = if has_extension(path, "bin") {
        Some(|name| name.starts_with("tok") && name.ends_with(".bin"))
    } else if has_extension(path, "safetensors") {
        Some(belongs)
    } else {
        None
    };
    if let (Some(siblings), Some(parent)) = (siblings, path.parent()) {
        let own = files[0].0.clone();
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        files.extend(folder(parent, |name| name != own && siblings(name))?);
    }
    Ok(files)
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Whether a file of a folder is part of a model that is stored in several files.
fn belongs(name: &str) -> bool {
    let known = [
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "model.safetensors.index.json",
    ];
    known.contains(&name) || name.ends_with(".safetensors") || name.ends_with(".bin")
}

fn folder(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<NamedFile>, WeightsError> {
    let failed = |source| WeightsError::Read {
        what: format!("folder {}", path.display()),
        offset: 0,
        length: 0,
        source,
    };
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_str().is_some_and(&wanted) && entry.path().is_file() {
            files.push(disk_file(&entry.path())?);
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(files)
}

fn disk_file(path: &Path) -> Result<NamedFile, WeightsError> {
    let opened = File::open(path).and_then(|file| {
        let size = file.metadata()?.len();
        let file = Mutex::new(file);
        Ok(DiskFile { size, file })
    });
    let file = opened.map_err(|source| WeightsError::Files {
        problem: format!("could not open {}: {source}", path.display()),
        advice: "Check the path".to_owned(),
    })?;
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    Ok((name, Arc::new(file)))
}
