// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! Declarations from odp.h, by the program bindgen. Headers and libraries are where pkg-config says; LIBODP_INCLUDE and
//! LIBODP_LIB name other directories of libodp's.
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let done = Command::new(program)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !done.status.success() {
        return Err(format!("{program} {}: {}", arguments.join(" "), done.status));
    }
    String::from_utf8(done.stdout).map_err(|error| error.to_string())
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

/// From the environment, or from what pkg-config says with `option`, of which words begin with `prefix`.
fn directories(name: &str, package: &str, option: &str, prefix: &str) -> Result<Vec<String>, String> {
    println!("cargo:rerun-if-env-changed={name}");
    if let Ok(directory) = env::var(name) {
        return Ok(vec![directory]);
    }
    let said = words(&output("pkg-config", &[option, package])?);
    Ok(said.iter().filter_map(|word| word.strip_prefix(prefix)).map(String::from).collect())
}

/// odp.h among the directories, else where compilers look anyway.
fn header(includes: &[String]) -> PathBuf {
    let here = |directory: &str| Path::new(directory).join("odp.h");
    includes
        .iter()
        .map(|directory| here(directory))
        .find(|file| file.exists())
        .unwrap_or_else(|| here("/usr/include"))
}

/// libclang alone has no stddef.h of its own; the compiler's will do, after any other.
fn compiler_headers() -> Vec<String> {
    match output("cc", &["-print-file-name=include"]) {
        Ok(directory) if directory.starts_with('/') => vec!["-idirafter".to_string(), directory.trim().to_string()],
        _ => Vec::new(),
    }
}

fn generate(includes: &[String], to: &Path) -> Result<(), String> {
    let header = header(includes);
    println!("cargo:rerun-if-changed={}", header.display());
    let status = Command::new("bindgen")
        .arg(&header)
        .arg("-o")
        .arg(to)
        .args(["--allowlist-function", "(odp|ibv)_.*"])
        .args(["--allowlist-type", "(odp|ibv)_.*"])
        .args(["--allowlist-var", "(ODP|IBV)_.*"])
        .args(["--no-prepend-enum-name", "--with-derive-default"])
        .arg("--")
        .args(includes.iter().map(|directory| format!("-I{directory}")))
        .args(words(&output("pkg-config", &["--cflags", "libibverbs"])?))
        .args(compiler_headers())
        .status()
        .map_err(|error| format!("bindgen cannot be run (Debian: apt install bindgen): {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("bindgen cannot read {}: {status}", header.display()))
    }
}

fn build() -> Result<(), String> {
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|error| error.to_string())?);
    generate(&directories("LIBODP_INCLUDE", "libodp", "--cflags-only-I", "-I")?, &out.join("raw.rs"))?;
    for directory in directories("LIBODP_LIB", "libodp", "--libs-only-L", "-L")? {
        println!("cargo:rustc-link-search=native={directory}");
    }
    println!("cargo:rustc-link-lib=odp");
    println!("cargo:rustc-link-lib=ibverbs");
    Ok(())
}

fn main() {
    if let Err(error) = build() {
        eprintln!("odp: {error}");
        std::process::exit(1);
    }
}
