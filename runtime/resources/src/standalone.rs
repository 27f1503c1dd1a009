//! The resources that an executable brings for its plugin, where no dagstack host gives any, and what
//! `--resource NAME=VALUE` may say of them.

use std::sync::Arc;

use dagstack_plugin_core::resources::{
    Clock, ErasedResource, FrozenClock, OsRng, Rng, SeededRng, SystemClock, TempDir,
};

use crate::ScratchDir;

/// One of the standard resources.
#[derive(Clone, Copy, Debug)]
pub struct Standard {
    /// Its name.
    pub name: &'static str,
    /// The feature of dagstack-plugin that has executables bring it; empty where all do.
    pub feature: &'static str,
    /// Reads its setting; `None` where the feature is off.
    pub read: Option<Read>,
}

/// Reads a setting. An error says what was found and what is taken; nothing is made yet.
pub type Read = fn(Option<&str>) -> Result<Make, String>;

/// Makes the resource. An error says what could not be done.
pub type Make = Box<dyn Fn() -> Result<ErasedResource, String> + Send + Sync>;

/// `clock=system`, `clock=frozen:NANOSECONDS`.
///
/// # Errors
///
/// A setting that is none of these.
pub fn clock(setting: Option<&str>) -> Result<Make, String> {
    let frozen = match setting {
        None | Some("system") => None,
        Some(other) => Some(
            number(other, "frozen:").ok_or("`system` or `frozen:NANOSECONDS` since 1970, UTC")?,
        ),
    };
    Ok(Box::new(move || {
        let clock: Arc<dyn Clock> = match frozen {
            None => Arc::new(SystemClock),
            Some(nanos) => Arc::new(FrozenClock::at_unix_nanos(nanos)),
        };
        Ok(ErasedResource::of(clock))
    }))
}

/// `rng=system`, `rng=seed:NUMBER`.
///
/// # Errors
///
/// A setting that is none of these.
pub fn rng(setting: Option<&str>) -> Result<Make, String> {
    let seed = match setting {
        None | Some("system") => None,
        Some(other) => Some(number(other, "seed:").ok_or("`system` or `seed:NUMBER`")?),
    };
    Ok(Box::new(move || {
        let rng: Arc<dyn Rng> = match seed {
            None => Arc::new(OsRng),
            Some(seed) => Arc::new(SeededRng::new(seed)),
        };
        Ok(ErasedResource::of(rng))
    }))
}

/// `tmpdir=FOLDER`: where the plugin's own temporary folder is made.
///
/// # Errors
///
/// An empty setting.
pub fn tmpdir(setting: Option<&str>) -> Result<Make, String> {
    if setting == Some("") {
        return Err("the folder in which the plugin's own one is made".to_owned());
    }
    let parent = setting.map(str::to_owned);
    Ok(Box::new(move || {
        let made = match &parent {
            Some(parent) => ScratchDir::new_in(parent),
            None => ScratchDir::new(),
        };
        let made: Arc<dyn TempDir> = Arc::new(made.map_err(|error| error.to_string())?);
        Ok(ErasedResource::of(made))
    }))
}

/// How long an answer may take where nothing else is said.
#[cfg(feature = "http-client")]
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// `http_client=timeout:SECONDS`.
///
/// # Errors
///
/// Another setting.
#[cfg(feature = "http-client")]
pub fn http_client(setting: Option<&str>) -> Result<Make, String> {
    let timeout = match setting {
        None => TIMEOUT,
        Some(given) => number(given, "timeout:")
            .filter(|seconds| *seconds > 0)
            .map(std::time::Duration::from_secs)
            .ok_or("`timeout:SECONDS`, at least 1")?,
    };
    Ok(Box::new(move || {
        let builder = crate::reqwest_client::builder()
            .timeout(timeout)
            .user_agent(concat!("dagstack-plugin/", env!("CARGO_PKG_VERSION")));
        let client = builder.build().map_err(|error| error.to_string())?;
        let client: Arc<dyn crate::HttpClient> = Arc::new(crate::ReqwestClient::new(client));
        Ok(ErasedResource::of(client))
    }))
}

/// `blob_store=memory:`, `blob_store=file:FOLDER`, `blob_store=file:///FOLDER`.
///
/// # Errors
///
/// A setting that is none of these.
#[cfg(feature = "blob-store")]
pub fn blob_store(setting: Option<&str>) -> Result<Make, String> {
    let folder = match setting {
        None | Some("memory:" | "memory") => None,
        Some(given) => Some(blob_folder(given)?),
    };
    Ok(Box::new(move || {
        let blobs = match &folder {
            None => crate::ObjectBlobs::in_memory(),
            Some(folder) => {
                crate::ObjectBlobs::in_folder(folder).map_err(|error| error.to_string())?
            }
        };
        let blobs: Arc<dyn crate::BlobStore> = Arc::new(blobs);
        Ok(ErasedResource::of(blobs))
    }))
}

#[cfg(feature = "blob-store")]
fn blob_folder(given: &str) -> Result<std::path::PathBuf, String> {
    const FORMS: &str = "`memory:`, `file:///ABSOLUTE/FOLDER` or `file:FOLDER`";
    let path = given.strip_prefix("file:").ok_or(FORMS)?;
    let folder = match path.strip_prefix("//") {
        None => path.to_owned(),
        Some(url) => match url.strip_prefix("localhost").unwrap_or(url) {
            path if path.starts_with('/') => percent_encoding::percent_decode_str(path)
                .decode_utf8()
                .map_err(|_| FORMS)?
                .into_owned(),
            // In a URL, what follows two slashes is a host.
            other => {
                return Err(format!(
                    "{FORMS}; for the folder `/{other}`, write `file:///{other}`"
                ));
            }
        },
    };
    match &*folder {
        "" => Err(FORMS.to_owned()),
        folder => Ok(folder.into()),
    }
}

/// `tenant_registry=memory:`.
///
/// # Errors
///
/// Another setting.
#[cfg(feature = "tenant-registry")]
pub fn tenant_registry(setting: Option<&str>) -> Result<Make, String> {
    match setting {
        None | Some("memory:" | "memory") => Ok(Box::new(|| {
            let tenants: Arc<dyn crate::TenantRegistry> = Arc::new(crate::MemoryTenants::default());
            Ok(ErasedResource::of(tenants))
        })),
        Some(_) => Err("`memory:`".to_owned()),
    }
}

fn number(setting: &str, prefix: &str) -> Option<u64> {
    setting.strip_prefix(prefix)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(read: Read, settings: &[&str]) {
        for setting in settings {
            let expected = read(Some(setting)).err();
            assert!(expected.is_some(), "{setting}");
        }
    }

    fn made<R: Send + Sync + ?Sized + 'static>(read: Read, setting: Option<&str>) -> Arc<R> {
        let make = read(setting).unwrap_or_else(|error| panic!("{setting:?}: {error}"));
        make().unwrap().get::<R>().unwrap()
    }

    #[test]
    fn clocks_and_numbers_are_the_systems_or_repeatable() {
        assert!(made::<dyn Clock>(clock, None).setting().is_some());
        let frozen = made::<dyn Clock>(clock, Some("frozen:41"));
        assert_eq!(frozen.monotonic_ns(), 41);
        refused(clock, &["", "frozen", "frozen:", "frozen:-1", "frozen:1e3"]);
        let seeded = || made::<dyn Rng>(rng, Some("seed:7")).next_u64();
        assert_eq!(seeded(), seeded());
        assert_eq!(seeded(), SeededRng::new(7).next_u64());
        let system = || made::<dyn Rng>(rng, Some("system")).next_u64();
        assert_ne!(system(), system());
        refused(rng, &["", "7", "seed:", "seed:x"]);
        refused(tmpdir, &[""]);
    }

    #[cfg(feature = "http-client")]
    #[test]
    fn http_clients_have_a_limit() {
        made::<dyn crate::HttpClient>(http_client, None);
        made::<dyn crate::HttpClient>(http_client, Some("timeout:5"));
        refused(http_client, &["", "timeout:0", "timeout:5s", "5"]);
    }

    #[cfg(feature = "blob-store")]
    #[test]
    fn folders_of_blobs_are_urls_or_paths() {
        for setting in [None, Some("memory:"), Some("memory")] {
            made::<dyn crate::BlobStore>(blob_store, setting);
        }
        for (given, folder) in [
            ("file:///var/x", "/var/x"),
            ("file://localhost/var/x", "/var/x"),
            ("file:///var/a%20b", "/var/a b"),
            ("file:/var/a%20b", "/var/a%20b"),
            ("file:x/y", "x/y"),
        ] {
            assert_eq!(blob_folder(given).unwrap(), std::path::Path::new(folder));
        }
        refused(blob_store, &["", "file:", "/var/x", "s3://x", "memory:x"]);
        let two = blob_folder("file://var/x").unwrap_err();
        assert!(
            two.ends_with("for the folder `/var/x`, write `file:///var/x`"),
            "{two}"
        );
    }

    #[cfg(feature = "tenant-registry")]
    #[test]
    fn tenants_are_kept_in_memory() {
        made::<dyn crate::TenantRegistry>(tenant_registry, Some("memory:"));
        refused(tenant_registry, &["", "file:///x"]);
    }
}
