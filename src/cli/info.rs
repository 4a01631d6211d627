//! `quarterdeck info`: versions, files, and the names of what is in use. Asks no server.

use super::args::{ClusterArgs, ConsoleArgs, InfoArgs, InfoOutput};
use super::exit::Code;
use super::out::Out;
use super::settings::Settings;
use serde::Serialize;
use std::path::PathBuf;

/// The answer. Field names are stable.
#[derive(Debug, Serialize)]
struct Info {
    version: &'static str,
    system: String,
    config: PathBuf,
    keymaps: PathBuf,
    themes: PathBuf,
    state: PathBuf,
    data: PathBuf,
    cache: PathBuf,
    log: PathBuf,
    reports: PathBuf,
    bundles: PathBuf,
    kubeconfig: Vec<PathBuf>,
    theme: String,
    keymap: String,
    readonly: bool,
    problems: Vec<String>,
}

/// The answer as JSON.
pub fn json(cluster: &ClusterArgs) -> String {
    // What is gathered can always be written.
    serde_json::to_string_pretty(&gather(cluster)).unwrap_or_default() + "\n"
}

/// Prints it.
pub fn run(cluster: &ClusterArgs, args: &InfoArgs, out: &mut Out) -> anyhow::Result<Code> {
    let info = gather(cluster);
    match args.output {
        InfoOutput::Json => {
            serde_json::to_writer_pretty(&mut *out, &info)?;
            out.line("")?;
        }
        InfoOutput::Yaml => out.line(serde_saphyr::to_string(&info)?.trim_end())?,
        InfoOutput::Text => text(&info, out)?,
    }
    Ok(Code::Done)
}

fn gather(cluster: &ClusterArgs) -> Info {
    let settings = Settings::load(cluster, &ConsoleArgs::default());
    let Settings {
        paths,
        config,
        problems,
    } = settings;
    Info {
        version: env!("CARGO_PKG_VERSION"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        config: paths.config_file(),
        keymaps: paths.config.join("keymaps"),
        themes: paths.config.join("themes"),
        state: paths.state_file(),
        log: paths.log_file(),
        reports: paths.reports(),
        bundles: paths.bundles(),
        data: paths.data,
        cache: paths.cache,
        kubeconfig: kubeconfigs(cluster),
        theme: config.theme,
        keymap: config.keymap,
        readonly: config.readonly,
        problems: problems.iter().map(ToString::to_string).collect(),
    }
}

/// The kubeconfig files that are read, in kubectl's order.
fn kubeconfigs(cluster: &ClusterArgs) -> Vec<PathBuf> {
    if let Some(file) = &cluster.kubeconfig {
        return vec![file.clone()];
    }
    match std::env::var_os("KUBECONFIG").filter(|list| !list.is_empty()) {
        Some(list) => std::env::split_paths(&list)
            .filter(|path| !path.as_os_str().is_empty())
            .collect(),
        None => std::env::var_os("HOME")
            .map(|home| PathBuf::from(home).join(".kube/config"))
            .into_iter()
            .collect(),
    }
}

fn text(info: &Info, out: &mut Out) -> anyhow::Result<()> {
    let kubeconfig: Vec<_> = info
        .kubeconfig
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let path = |path: &PathBuf| path.display().to_string();
    for (name, value) in [
        ("version", info.version.to_owned()),
        ("system", info.system.clone()),
        ("config", path(&info.config)),
        ("key maps", path(&info.keymaps)),
        ("themes", path(&info.themes)),
        ("state", path(&info.state)),
        ("data", path(&info.data)),
        ("cache", path(&info.cache)),
        ("log", path(&info.log)),
        ("reports", path(&info.reports)),
        ("bundles", path(&info.bundles)),
        ("kubeconfig", kubeconfig.join(", ")),
        ("theme", info.theme.clone()),
        ("key map", info.keymap.clone()),
        (
            "read-only",
            if info.readonly { "yes" } else { "no" }.to_owned(),
        ),
    ] {
        out.line(format_args!("{name:<12}{value}"))?;
    }
    for problem in &info.problems {
        out.line(format_args!("{:<12}{problem}", "problem"))?;
    }
    Ok(())
}
