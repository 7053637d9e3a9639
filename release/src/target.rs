//! A Rust target, and its name in Terraform.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::output;

/// A Rust target, with the operating system and architecture by which Terraform selects the zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As `x86_64-unknown-linux-gnu`.
    pub triple: String,
    /// `GOOS`: `linux`, `darwin` or `windows`.
    pub os: &'static str,
    /// `GOARCH`: `amd64` or `arm64`.
    pub arch: &'static str,
}

impl Target {
    /// The target of this machine's compiler.
    ///
    /// # Errors
    ///
    /// If rustc cannot be run, or there are no releases for this machine.
    pub fn host() -> Result<Self> {
        let version = output(Command::new("rustc").arg("-vV"))?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        Self::of(host.context("rustc -vV does not name a host")?)
    }

    /// The target with this name in rustc.
    ///
    /// # Errors
    ///
    /// If there are no releases for it.
    pub fn of(triple: &str) -> Result<Self> {
        let os = [("-linux-", "linux"), ("-apple-darwin", "darwin"), ("-windows-", "windows")];
        let arch = [("x86_64-", "amd64"), ("aarch64-", "arm64")];
        let os = os.into_iter().find_map(|(part, os)| triple.contains(part).then_some(os));
        let arch = arch.into_iter().find_map(|(part, arch)| triple.starts_with(part).then_some(arch));
        let (Some(os), Some(arch)) = (os, arch) else {
            bail!("there are no releases for {triple}: only for linux, darwin and windows on x86_64 and aarch64");
        };
        Ok(Self { triple: triple.to_owned(), os, arch })
    }

    /// The file name of the program `name`.
    pub(crate) fn program(&self, name: &str) -> String {
        if self.os == "windows" { format!("{name}.exe") } else { name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_names_in_terraform() {
        for (triple, expected) in [
            ("x86_64-unknown-linux-gnu", Some(("linux", "amd64", "eks"))),
            ("aarch64-unknown-linux-musl", Some(("linux", "arm64", "eks"))),
            ("x86_64-apple-darwin", Some(("darwin", "amd64", "eks"))),
            ("aarch64-apple-darwin", Some(("darwin", "arm64", "eks"))),
            ("x86_64-pc-windows-msvc", Some(("windows", "amd64", "eks.exe"))),
            ("aarch64-pc-windows-msvc", Some(("windows", "arm64", "eks.exe"))),
            ("riscv64gc-unknown-linux-gnu", None),
            ("x86_64-unknown-freebsd", None),
        ] {
            let target = Target::of(triple).ok();
            let found = target.as_ref().map(|target| (target.os, target.arch, target.program("eks")));
            assert_eq!(found, expected.map(|(os, arch, program)| (os, arch, program.to_owned())), "{triple}");
        }
    }
}
