//! Opening a log: of what is selected, of what is named, and where it begins.

use super::{no_previous_run, reading_from};
use crate::app::App;
use crate::app::effect::{Effect, Effects};
use crate::app::notice::Notice;
use crate::app::screens::logs::{LogScreen, TAIL};
use crate::app::screens::{ListScreen, Screen, Source as Rows};
use crate::domain::feed::Scope;
use crate::domain::logs::target::Target;
use crate::domain::logs::{Reading, Start};

impl App {
    /// `l`: the log of what is selected.
    pub(in crate::app) fn open_logs(&mut self, previous: bool, effects: &mut Effects) {
        let Some(target) = self.log_target() else {
            return self.notify(Notice::info("nothing that has a log is selected"));
        };
        self.show_log(target, previous, effects);
    }

    /// `:logs` with words behind it.
    pub(in crate::app) fn open_named_logs(&mut self, words: &str, effects: &mut Effects) {
        match Target::parse_words(words, Scope::only(&self.world.scopes)) {
            Ok(target)
                if !matches!(target, Target::Selector(..))
                    && target.members(&self.world.fleet).is_empty() =>
            {
                self.notify(Notice::warning(
                    format!("{target} has no containers in the namespaces that are shown"),
                    "look for it with `:pods` or `:releases`",
                ));
            }
            Ok(target) => self.show_log(target, false, effects),
            Err(why) => self.notify(Notice::warning(
                why,
                "`:logs release/shop-prod/shop` or `:logs -l app=web`",
            )),
        }
    }

    fn show_log(&mut self, target: Target, previous: bool, effects: &mut Effects) {
        let members = target.members(&self.world.fleet);
        if previous && !members.iter().any(|member| member.has_log(true)) {
            return self.notify(no_previous_run());
        }
        let id = self.next_id();
        let reading = reading_from(Start::Tail(TAIL), previous);
        let mut screen = LogScreen::new(id, target, reading, self.world.log_bytes);
        if !previous {
            self.begin_with_the_cause(&mut screen, effects);
        }
        screen.join(&members, effects);
        self.push(Screen::Logs(Box::new(screen)), effects);
    }

    /// The page begins with the end of the run that failed. Where the container runs again, what
    /// explains its failure stands in the run before: that one is read first.
    fn begin_with_the_cause(&mut self, screen: &mut LogScreen, effects: &mut Effects) {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return;
        };
        let culprit = list
            .selected()
            .and_then(|row| source.culprit(&self.world, row));
        let Some(culprit) = culprit else { return };
        let members = screen.target.members(&self.world.fleet);
        let member = members.iter().find(|member| {
            member.source.pod == culprit.pod.name
                && member.source.namespace == culprit.pod.namespace
                && member.source.container == culprit.container
        });
        let Some(member) = member.filter(|member| member.started) else {
            return;
        };
        if member.failed {
            // What it wrote before it failed is its present log.
            screen.wanted_source = Some(member.source.clone());
            return;
        }
        if !(culprit.previous && member.running) {
            return;
        }
        screen.wanted_source = Some(member.source.clone());
        let Some((id, _)) = screen.log.join([&member.source]).pop() else {
            return;
        };
        screen.remark = Some(format!(
            "begins with the run of {} before the present one: that is where the cause is",
            culprit.container
        ));
        effects.push(Effect::ReadLog {
            log: screen.id,
            source: id,
            of: member.source.clone(),
            reading: Reading {
                before: true,
                ..screen.reading.clone()
            },
        });
    }

    /// What the log of the selection, or of the marked rows, is of.
    pub(in crate::app) fn log_target(&self) -> Option<Target> {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return None;
        };
        let rows = source.rows();
        let keys: Vec<u32> = if list.marks.is_empty() {
            list.selected().into_iter().collect()
        } else {
            let marked = |row: &&u32| list.marks.contains(&rows.key(&self.world, **row));
            list.order.rows().iter().filter(marked).copied().collect()
        };
        let mut targets: Vec<Target> = keys
            .into_iter()
            .filter_map(|row| self.log_target_of(source, row))
            .collect();
        match targets.len() {
            0 => None,
            1 => targets.pop(),
            _ => Some(Target::Several(targets)),
        }
    }

    fn log_target_of(&self, source: &Rows, row: u32) -> Option<Target> {
        let key = source.rows().key(&self.world, row);
        let (namespace, name) = (key.namespace, key.name);
        Some(match source {
            Rows::Projects(_) => Target::Project(name),
            Rows::Releases(_) => Target::Release { namespace, name },
            Rows::Pods(_) => Target::Pod { namespace, name },
            Rows::Workloads(_) => {
                let object = source.rows().target(&self.world, row)?;
                Target::Workload {
                    kind: object.kind,
                    namespace: object.namespace,
                    name: object.name,
                }
            }
            Rows::Containers(rows) => Target::Container(crate::domain::logs::Source {
                namespace: rows.pod.namespace.clone(),
                pod: rows.pod.name.clone(),
                container: name,
            }),
            Rows::Table(_) => {
                let object = source.rows().target(&self.world, row)?;
                crate::domain::rows::Kind::from_name(&object.kind)?;
                Target::Workload {
                    kind: object.kind,
                    namespace: object.namespace,
                    name: object.name,
                }
            }
            _ => return None,
        })
    }
}
