//! The arguments: any number of `--peer NAME=BINARY` or `--peer NAME=BINARY,HCL`, and `--terraform VERSION`.

use std::fs;
use std::path::PathBuf;

use super::subject::Subject;

/// The default version of Terraform.
const TERRAFORM: &str = "1.11.4";

/// The arguments of the benchmark.
pub struct Arguments {
    pub terraform: String,
    /// Providers that are measured in turn with this one.
    pub peers: Vec<Subject>,
}

impl Arguments {
    /// Reads the arguments of the process.
    ///
    /// # Panics
    ///
    /// If the arguments are invalid; the message has their form.
    pub fn read() -> Self {
        let mut read = Self { terraform: TERRAFORM.to_owned(), peers: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo adds this argument.
                "--bench" => {}
                "--terraform" => read.terraform = arguments.next().expect("--terraform VERSION"),
                "--peer" => read.peers.push(peer(&arguments.next().expect("--peer NAME=BINARY[,HCL]"))),
                other => panic!("expected --peer NAME=BINARY[,HCL] or --terraform VERSION, got {other:?}"),
            }
        }
        read
    }
}

/// A provider binary, and the resource to plan: from a file in which `COUNT` is the number, or a known one.
fn peer(text: &str) -> Subject {
    let (name, rest) = text.split_once('=').expect("--peer NAME=BINARY[,HCL]");
    let (binary, hcl) = match rest.split_once(',') {
        Some((binary, file)) => (binary, fs::read_to_string(file).expect("the file with HCL can be read")),
        None => (rest, known(name).to_owned()),
    };
    let binary = PathBuf::from(binary).canonicalize().expect("the binary of the peer exists");
    Subject::peer(name, binary, hcl)
}

fn known(name: &str) -> &'static str {
    match name {
        "null" => "resource \"null_resource\" \"a\" {\n  count = COUNT\n}\n",
        "random" => "resource \"random_id\" \"a\" {\n  count       = COUNT\n  byte_length = 8\n}\n",
        "time" => "resource \"time_static\" \"a\" {\n  count = COUNT\n}\n",
        _ => panic!("the resource of {name} is not known: --peer {name}=BINARY,HCL with a file of HCL that has COUNT"),
    }
}
