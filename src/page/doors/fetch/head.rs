//! What a response's head and a file's first bytes tell, before anything large is read.

use serde::{Deserialize, Serialize};

use super::FetchError;

/// How a server names one version of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validator {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`, which pages may always read; `ETag` of another host only where that host allows it.
    pub last_modified: Option<String>,
}

impl Validator {
    /// Whether the two certainly name different versions. If they have no field in common, nothing is certain.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        let strong = |etag: &str| etag.strip_prefix("W/").unwrap_or(etag).to_owned();
        match (&self.etag, &other.etag, &self.last_modified, &other.last_modified) {
            (Some(one), Some(two), _, _) => strong(one) != strong(two),
            (_, _, Some(one), Some(two)) => one != two,
            _ => false,
        }
    }
}

/// The head of a response to a request for a part of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Its status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Range`.
    pub content_range: Option<String>,
    /// `Content-Length`.
    pub content_length: Option<u64>,
    /// Whether the bytes on the wire are compressed, so that `content_length` is not the file's.
    pub compressed: bool,
    /// Which version of the file it is.
    pub validator: Validator,
}

impl Head {
    /// Refuses a response that is not a file.
    ///
    /// # Errors
    /// By status; [`FetchError::WebPage`] by type.
    pub fn check(&self, address: &str) -> Result<(), FetchError> {
        let address = || address.to_owned();
        let status = self.status;
        match status {
            200 | 206 => {}
            404 | 410 => {
                return Err(FetchError::NotFound {
                    address: address(),
                    status,
                });
            }
            401 | 403 => {
                return Err(FetchError::Refused {
                    address: address(),
                    status,
                });
            }
            // The response to a request for a part of an empty file.
            416 if self.total() == Some(0) => return Err(FetchError::Empty { address: address() }),
            _ => {
                return Err(FetchError::Server {
                    address: address(),
                    status,
                });
            }
        }
        let kind = self.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("text/html") || kind.starts_with("application/xhtml") {
            return Err(FetchError::WebPage { address: address() });
        }
        Ok(())
    }

    /// Bytes of the whole file, if the head says.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        match self.status {
            206 | 416 => self.content_range.as_deref()?.rsplit_once('/')?.1.trim().parse().ok(),
            200 if !self.compressed => self.content_length,
            _ => None,
        }
    }

    /// Bytes sent for the whole file, compressed or not, if the head says.
    #[must_use]
    pub fn sent(&self) -> Option<u64> {
        self.content_length.filter(|_| self.status == 200)
    }

    /// Where in the file the response's bytes begin: `asked`, if the head of a partial response doesn't say.
    #[must_use]
    pub fn start(&self, asked: u64) -> u64 {
        if self.status != 206 {
            return 0;
        }
        let shown = self.content_range.as_deref().and_then(|range| {
            let (start, _) = range.trim().strip_prefix("bytes")?.trim().split_once('-')?;
            start.parse().ok()
        });
        shown.unwrap_or(asked)
    }
}

/// Refuses a file by its first bytes.
///
/// # Errors
/// [`FetchError::WebPage`] for HTML under any type, [`FetchError::NotGguf`] for a `.gguf` file that is not one.
pub fn check_first_bytes(first: &[u8], name: &str, address: &str) -> Result<(), FetchError> {
    let text = first.trim_ascii_start();
    let begins = |tag: &[u8]| {
        text.get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    if begins(b"<!doctype html") || begins(b"<html") {
        return Err(FetchError::WebPage {
            address: address.to_owned(),
        });
    }
    if name.to_ascii_lowercase().ends_with(".gguf") && !first.starts_with(b"GGUF") {
        return Err(FetchError::NotGguf {
            address: address.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, range: Option<&str>, length: Option<u64>) -> Head {
        Head {
            status,
            content_range: range.map(str::to_owned),
            content_length: length,
            ..Head::default()
        }
    }

    #[test]
    fn the_size_comes_from_the_range_or_the_whole() {
        assert_eq!(
            head(206, Some("bytes 0-511/98126000"), Some(512)).total(),
            Some(98_126_000)
        );
        assert_eq!(head(206, Some("bytes 0-511/*"), Some(512)).total(), None);
        assert_eq!(
            head(206, None, Some(512)).total(),
            None,
            "the length of a part is not the file's"
        );
        assert_eq!(head(200, None, Some(7)).total(), Some(7));
        let compressed = Head {
            compressed: true,
            ..head(200, None, Some(7))
        };
        assert_eq!(compressed.total(), None);
        assert_eq!(compressed.sent(), Some(7), "but of what is sent");
        assert_eq!(head(206, None, Some(7)).sent(), None);
    }

    #[test]
    fn the_start_is_believed_where_it_is_shown() {
        assert_eq!(head(206, Some("bytes 5-9/10"), None).start(5), 5);
        assert_eq!(head(206, Some("bytes 0-9/10"), None).start(5), 0);
        assert_eq!(head(206, None, None).start(5), 5);
        assert_eq!(head(200, None, None).start(5), 0, "a server without ranges sends all");
    }

    #[test]
    fn each_status_has_its_error() {
        let error = |status| head(status, None, None).check("a").unwrap_err();
        assert!(matches!(error(404), FetchError::NotFound { status: 404, .. }));
        assert!(matches!(error(401), FetchError::Refused { .. }));
        assert!(matches!(error(403), FetchError::Refused { .. }));
        assert!(matches!(error(500), FetchError::Server { .. }));
        assert!(matches!(error(416), FetchError::Server { .. }));
        let empty = head(416, Some("bytes */0"), None).check("a");
        assert!(matches!(empty, Err(FetchError::Empty { .. })));
        assert_eq!(head(206, None, None).check("a"), Ok(()));
    }

    #[test]
    fn html_is_found_by_type_and_by_content() {
        let page = Head {
            content_type: Some("text/html; charset=utf-8".to_owned()),
            ..head(200, None, None)
        };
        assert!(matches!(page.check("a"), Err(FetchError::WebPage { .. })));
        for text in ["<!DOCTYPE html><p>", "\n <HTML lang=en>"] {
            let found = check_first_bytes(text.as_bytes(), "m.safetensors", "a");
            assert!(matches!(found, Err(FetchError::WebPage { .. })), "{text}");
        }
        assert!(matches!(
            check_first_bytes(b"GGML", "M.GGUF", "a"),
            Err(FetchError::NotGguf { .. })
        ));
        assert_eq!(check_first_bytes(b"GGUF\x03", "m.gguf", "a"), Ok(()));
        assert_eq!(check_first_bytes(b"", "config.json", "a"), Ok(()));
    }

    #[test]
    fn versions_differ_only_where_that_is_sure() {
        let version = |etag: Option<&str>, date: Option<&str>| Validator {
            etag: etag.map(str::to_owned),
            last_modified: date.map(str::to_owned),
        };
        assert!(version(Some("\"a\""), None).differs(&version(Some("\"b\""), None)));
        assert!(!version(Some("\"a\""), Some("x")).differs(&version(Some("W/\"a\""), Some("y"))));
        assert!(version(None, Some("x")).differs(&version(Some("\"a\""), Some("y"))));
        assert!(!version(None, None).differs(&version(Some("\"a\""), None)));
    }
}
