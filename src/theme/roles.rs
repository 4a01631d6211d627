//! The roles.

use ratatui::style::{Modifier, Style};

/// Declares the theme and, for loading, its roles by name.
macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident),+ $(,)?) => {
        /// A theme: one style for each role.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Theme {
            $($(#[$doc])* pub $role: Style,)+
        }

        impl Default for Theme {
            /// Every role without a colour.
            fn default() -> Self {
                Self { $($role: Style::new(),)+ }
            }
        }

        impl Theme {
            /// The names of all roles.
            pub const ROLES: &'static [&'static str] = &[$(stringify!($role)),+];

            /// The style of the role with this name.
            pub fn role_mut(&mut self, name: &str) -> Option<&mut Style> {
                match name {
                    $(stringify!($role) => Some(&mut self.$role),)+
                    _ => None,
                }
            }

            /// All roles with their styles.
            pub fn all(&self) -> Vec<(&'static str, Style)> {
                vec![$((stringify!($role), self.$role)),+]
            }
        }
    };
}

roles! {
    /// What everything stands on: its background is painted everywhere.
    ground,
    /// Data.
    text,
    /// Data of less weight, labels, hints.
    dim,
    /// Lines between regions.
    rule,
    /// Where am I: titles, the active field.
    accent,
    /// Heads of columns.
    head,
    /// The selected row: its background lies under the row.
    selected,
    /// The mark of a marked row.
    marked,
    /// Failing.
    failing,
    /// Degraded.
    degraded,
    /// Progressing.
    progressing,
    /// Healthy.
    healthy,
    /// Finished.
    finished,
    /// Unknown.
    unknown,
    /// What a filter or search found.
    found,
    /// A production context.
    production,
    /// READ-ONLY, and other states that hold for the whole program.
    badge,
    /// An error that is told.
    error,
    /// A warning that is told.
    warning,
    /// News that is told.
    info,
    /// The key in a hint.
    key,
    /// A field that is typed into.
    field,
    /// The palette and questions: their background lies under them.
    overlay,
    /// A key of YAML.
    yaml_key,
    /// A text of YAML.
    yaml_string,
    /// A number of YAML.
    yaml_number,
    /// `true`, `false`, `null` of YAML.
    yaml_literal,
    /// A comment of YAML.
    yaml_comment,
    /// The thumb that shows where the window is.
    scrollbar,
    /// Sources of lines that stand between each other, told apart by six colours.
    source_1,
    /// The second source.
    source_2,
    /// The third source.
    source_3,
    /// The fourth source.
    source_4,
    /// The fifth source.
    source_5,
    /// The sixth source.
    source_6,
}

impl Theme {
    /// The theme for terminals without colour: what matters differs by weight and inversion.
    #[must_use]
    pub fn without_colour(&self) -> Self {
        let mut theme = self.clone();
        for role in Self::ROLES {
            if let Some(style) = theme.role_mut(role) {
                *style = Style {
                    fg: None,
                    bg: None,
                    underline_color: None,
                    ..*style
                };
            }
        }
        let plain = Style::new();
        theme.dim = plain.add_modifier(Modifier::DIM);
        theme.head = theme.dim;
        theme.rule = theme.dim;
        theme.accent = plain.add_modifier(Modifier::BOLD);
        theme.selected = plain.add_modifier(Modifier::REVERSED);
        theme.found = plain.add_modifier(Modifier::UNDERLINED);
        for loud in [
            &mut theme.failing,
            &mut theme.degraded,
            &mut theme.error,
            &mut theme.warning,
            &mut theme.marked,
            &mut theme.key,
        ] {
            *loud = plain.add_modifier(Modifier::BOLD);
        }
        for band in [&mut theme.production, &mut theme.badge] {
            *band = plain.add_modifier(Modifier::REVERSED | Modifier::BOLD);
        }
        theme
    }
}
