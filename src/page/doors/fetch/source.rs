//! From what a person typed, or a link holds, to the addresses of a model's files.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;

use super::FetchError;
use hemoscope_core::experiment::Origin;

/// What is escaped in a path segment, slashes included (`refs/pr/1` is one revision).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A hub with Hugging Face's addresses: `{base}/{repository}/resolve/{revision}/{file}` is a file,
/// `{base}/api/models/{repository}/tree/{revision}[/{folder}]` lists a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    base: String,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            base: "https://huggingface.co".to_owned(),
        }
    }
}

impl Hub {
    /// Another hub: a mirror (https), or one on this machine (http too).
    ///
    /// # Errors
    /// [`FetchError::Address`] where `base` is neither.
    pub fn at(base: &str) -> Result<Self, FetchError> {
        let (scheme, host) = scheme_and_host(base)?;
        let here = ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
            let port = host.strip_prefix(name);
            port.is_some_and(|port| port.is_empty() || port.starts_with(':'))
        });
        if scheme == "http" && !here {
            return Err(FetchError::Address {
                text: base.to_owned(),
                reason: "a hub's address starts with https://".to_owned(),
            });
        }
        Ok(Self {
            base: without_query(base).trim_end_matches('/').to_owned(),
        })
    }

    /// The address of a file.
    ///
    /// # Errors
    /// [`FetchError::Address`] where `repository` is not `owner/name`.
    pub fn file(&self, repository: &str, revision: &str, file: &str) -> Result<String, FetchError> {
        let (owner, name) = owner_and_name(repository)?;
        Ok(self.address([owner, name, "resolve", revision].into_iter().chain(file.split('/'))))
    }

    /// The address of a folder's listing; `folder` is empty for the root.
    ///
    /// # Errors
    /// [`FetchError::Address`] where `repository` is not `owner/name`.
    pub fn listing(&self, repository: &str, revision: &str, folder: &str) -> Result<String, FetchError> {
        let (owner, name) = owner_and_name(repository)?;
        let folders = folder.split('/').filter(|part| !part.is_empty());
        Ok(self.address(
            ["api", "models", owner, name, "tree", revision]
                .into_iter()
                .chain(folders),
        ))
    }

    fn address<'a>(&self, segments: impl Iterator<Item = &'a str>) -> String {
        segments.fold(self.base.clone(), |mut address, segment| {
            address.push('/');
            address.extend(utf8_percent_encode(segment, SEGMENT));
            address
        })
    }
}

/// `http` or `https`, and the host with its port.
///
/// # Errors
/// [`FetchError::Address`] where the text is no such address.
pub fn scheme_and_host(address: &str) -> Result<(&str, &str), FetchError> {
    let wrong = |reason: String| FetchError::Address {
        text: address.to_owned(),
        reason,
    };
    let (scheme, rest) = address
        .split_once("://")
        .ok_or_else(|| wrong("it has no https://".to_owned()))?;
    if !matches!(scheme, "http" | "https") {
        return Err(wrong(format!("a page cannot read '{scheme}' addresses")));
    }
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = place.rsplit('@').next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') || address.contains(char::is_whitespace) {
        return Err(wrong("it names no host".to_owned()));
    }
    Ok((scheme, host))
}

/// An address without its query and fragment.
#[must_use]
pub fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or(address)
}

/// The address of another file in the same folder.
#[must_use]
pub fn beside(address: &str, name: &str) -> String {
    let path = without_query(address);
    let folder = path.rfind('/').map_or("", |end| path.get(..=end).unwrap_or_default());
    format!("{folder}{name}")
}

fn owner_and_name(repository: &str) -> Result<(&str, &str), FetchError> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    repository
        .split_once('/')
        .filter(|(owner, name)| plain(owner) && plain(name))
        .ok_or_else(|| FetchError::Address {
            text: repository.to_owned(),
            reason: "a repository is written owner/name, of letters, digits, '-', '_' and '.'".to_owned(),
        })
}

/// Reads what a person typed as a model's location: `owner/name`, `owner/name@revision`, `owner/name@revision/file`,
/// the address of a hub's page or file, or any other address. In a [`Origin::Hub`] without a file, `file` is empty:
/// `plan` then chooses one.
///
/// # Errors
/// [`FetchError::Address`].
pub fn read_origin(text: &str, hub: &Hub) -> Result<Origin, FetchError> {
    let text = text.trim();
    let on_hub = text
        .strip_prefix(hub.base.as_str())
        .and_then(|rest| rest.strip_prefix('/'));
    if let Some(path) = on_hub {
        return Ok(read_hub_path(path).unwrap_or_else(|| Origin::Url(text.to_owned())));
    }
    if text.contains("://") {
        scheme_and_host(text)?;
        return Ok(Origin::Url(text.to_owned()));
    }
    let (repository, place) = text.split_once('@').unwrap_or((text, "main"));
    owner_and_name(repository)?;
    let (revision, file) = place.split_once('/').unwrap_or((place, ""));
    Ok(Origin::Hub {
        repository: repository.to_owned(),
        revision: if revision.is_empty() { "main" } else { revision }.to_owned(),
        file: file.to_owned(),
    })
}

/// `owner/name`, followed by nothing or by `resolve|blob|tree/revision/file`; anything else is not a model's address.
fn read_hub_path(path: &str) -> Option<Origin> {
    let path = without_query(path).trim_end_matches('/');
    let parts: Vec<&str> = path.splitn(5, '/').collect();
    let (owner, name, revision, file) = match parts[..] {
        [owner, name] => (owner, name, "main", ""),
        [owner, name, "tree", revision] => (owner, name, revision, ""),
        [owner, name, "resolve" | "blob", revision, file] => (owner, name, revision, file),
        _ => return None,
    };
    let plain = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let repository = format!("{owner}/{name}");
    owner_and_name(&repository).ok()?;
    Some(Origin::Hub {
        repository,
        revision: plain(revision),
        file: plain(file),
    })
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its path in the repository.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, hexadecimal, if the hub knows it (for large files).
    pub sha256: Option<String>,
}

/// Reads a folder's listing.
///
/// # Errors
/// [`FetchError::Answer`] if it is not one.
pub fn read_listing(text: &str, address: &str) -> Result<Vec<Listed>, FetchError> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(rename = "type")]
        kind: String,
        path: String,
        #[serde(default)]
        size: u64,
        lfs: Option<Large>,
    }
    #[derive(Deserialize)]
    struct Large {
        oid: String,
        size: u64,
    }
    let entries: Vec<Entry> = serde_json::from_str(text).map_err(|error| FetchError::Answer {
        address: address.to_owned(),
        reason: format!("it is not a listing of files ({error})"),
    })?;
    let files = entries.into_iter().filter(|entry| entry.kind == "file");
    Ok(files
        .map(|entry| Listed {
            path: entry.path,
            bytes: entry.lfs.as_ref().map_or(entry.size, |large| large.size),
            sha256: entry.lfs.map(|large| large.oid),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub_origin(repository: &str, revision: &str, file: &str) -> Origin {
        Origin::Hub {
            repository: repository.to_owned(),
            revision: revision.to_owned(),
            file: file.to_owned(),
        }
    }

    #[test]
    fn addresses_follow_the_hubs_pattern_and_escape() {
        let hub = Hub::default();
        assert_eq!(
            hub.file("owner/model-1.5", "refs/pr/1", "sub/a b.gguf").unwrap(),
            "https://huggingface.co/owner/model-1.5/resolve/refs%2Fpr%2F1/sub/a%20b.gguf"
        );
        assert_eq!(
            hub.listing("owner/model", "main", "").unwrap(),
            "https://huggingface.co/api/models/owner/model/tree/main"
        );
        let mirror = Hub::at("http://localhost:81/hub/").unwrap();
        assert_eq!(
            mirror.listing("o/m", "main", "sub").unwrap(),
            "http://localhost:81/hub/api/models/o/m/tree/main/sub"
        );
    }

    #[test]
    fn the_neighbour_of_a_file_has_its_folder() {
        assert_eq!(
            beside("https://h.example/a/m.safetensors?x=/y", "config.json"),
            "https://h.example/a/config.json"
        );
        assert_eq!(
            scheme_and_host("https://me:pw@h.example:81?x").unwrap(),
            ("https", "h.example:81")
        );
    }

    #[test]
    fn a_hub_in_the_clear_is_only_this_machine() {
        assert!(Hub::at("http://127.0.0.1:8000").is_ok());
        for base in [
            "http://host.example",
            "ftp://localhost",
            "http://localhost.example",
            "javascript:alert(1)",
            "host.example",
            "",
        ] {
            assert!(matches!(Hub::at(base), Err(FetchError::Address { .. })), "{base}");
        }
    }

    #[test]
    fn what_a_person_types_becomes_an_origin() {
        let hub = Hub::default();
        for (text, origin) in [
            (" owner/model ", hub_origin("owner/model", "main", "")),
            ("owner/model@v2", hub_origin("owner/model", "v2", "")),
            (
                "owner/model@v2/sub/m.gguf",
                hub_origin("owner/model", "v2", "sub/m.gguf"),
            ),
            (
                "https://huggingface.co/owner/model/",
                hub_origin("owner/model", "main", ""),
            ),
            ("https://huggingface.co/o/m/tree/v2", hub_origin("o/m", "v2", "")),
            // The address of a file's page, which is what people copy, stands for the file.
            (
                "https://huggingface.co/o/m/blob/main/m.gguf",
                hub_origin("o/m", "main", "m.gguf"),
            ),
            (
                "https://huggingface.co/o/m/resolve/main/a%20b.gguf?download=true",
                hub_origin("o/m", "main", "a b.gguf"),
            ),
            (
                "https://host.example/m.gguf",
                Origin::Url("https://host.example/m.gguf".to_owned()),
            ),
        ] {
            assert_eq!(read_origin(text, &hub).unwrap(), origin, "{text}");
        }
        for text in [
            "",
            "model",
            "a/b/c",
            "../x",
            "own er/model",
            "ftp://host/m.gguf",
            "https://",
        ] {
            assert!(
                matches!(read_origin(text, &hub), Err(FetchError::Address { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_listing_gives_sizes_and_the_large_files_hashes() {
        let json = r#"[{"type":"directory","oid":"1","size":0,"path":"sub"},
            {"type":"file","oid":"2","size":704,"path":"config.json"},
            {"type":"file","oid":"3","size":9,"path":"m.gguf","lfs":{"oid":"ab","size":9,"pointerSize":135}}]"#;
        let listed = read_listing(json, "a").unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!((listed[0].bytes, &listed[0].sha256), (704, &None));
        assert_eq!(listed[1].sha256.as_deref(), Some("ab"));
        assert!(matches!(read_listing("<html>", "a"), Err(FetchError::Answer { .. })));
    }
}
