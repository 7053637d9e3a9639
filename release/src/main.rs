//! Writes the files of a release, by default for this machine's target. See the library for the files.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use anyhow::Result;
use lexopt::{Arg, Parser, ValueExt as _};
use release::Target;

const HELP: &str = "\
Writes the files of a release of the provider.

Usage: release [options]

  --target TRIPLE  target, by its name in rustc [this machine's]
  --binary PATH    package this binary [build one]
  --out DIRECTORY  directory of the files [dist]
  --sums-only      do not build or package: write the files for all zips in the directory together
                   (manifest, network mirror, OCI layout, checksums, signature)
  --help           print this text, and exit

GPG_FINGERPRINT  key that signs the checksums; without it, they are not signed
GPG_PASSPHRASE   passphrase of the key, if it has one that is not in an agent
";

struct Options {
    target: Option<String>,
    binary: Option<PathBuf>,
    out: PathBuf,
    sums_only: bool,
}

fn main() -> ExitCode {
    let options = match parse(Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("release: {error}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match make(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("release: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make(options: &Options) -> Result<()> {
    if !options.sums_only {
        let target = options.target.as_deref().map_or_else(Target::host, Target::of)?;
        release::package(&target, options.binary.as_deref(), &options.out)?;
    }
    let key = env::var("GPG_FINGERPRINT").ok().filter(|key| !key.is_empty());
    release::complete(&options.out, key.as_deref())?;
    for file in release::files(&options.out)? {
        println!("{:>10}  {}", fs::metadata(&file)?.len(), file.display());
    }
    Ok(())
}

/// `None` if the help was printed.
fn parse(mut arguments: Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options { target: None, binary: None, out: PathBuf::from("dist"), sums_only: false };
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("target") => options.target = Some(arguments.value()?.string()?),
            Arg::Long("binary") => options.binary = Some(arguments.value()?.into()),
            Arg::Long("out") => options.out = arguments.value()?.into(),
            Arg::Long("sums-only") => options.sums_only = true,
            Arg::Long("help") => {
                print!("{HELP}");
                return Ok(None);
            }
            argument => return Err(argument.unexpected()),
        }
    }
    Ok(Some(options))
}
