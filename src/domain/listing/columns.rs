//! What a column is.

/// How a column is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text, at the left.
    Text,
    /// A number or an age, at the right.
    Number,
    /// A sentence: takes the width that is left, cut last.
    Sentence,
    /// The sign of health, drawn by shape and colour.
    Health,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in filters, sort orders and the state file.
    pub id: &'static str,
    /// What stands above it.
    pub title: &'static str,
    /// How it is laid out.
    pub shape: Shape,
    /// 0 survives any width; the higher, the sooner it goes.
    pub priority: u8,
    /// Shown only when wide columns are asked for.
    pub wide: bool,
    /// Filters without a column seek in it.
    pub sought: bool,
}

impl Column {
    /// The sign of health.
    pub(super) const HEALTH: Self = Self::new("health", "", Shape::Health, 0);

    pub(super) const fn new(
        id: &'static str,
        title: &'static str,
        shape: Shape,
        priority: u8,
    ) -> Self {
        Self {
            id,
            title,
            shape,
            priority,
            wide: false,
            sought: false,
        }
    }

    pub(super) const fn text(id: &'static str, title: &'static str, priority: u8) -> Self {
        Self::new(id, title, Shape::Text, priority).sought()
    }

    pub(super) const fn number(id: &'static str, title: &'static str, priority: u8) -> Self {
        Self::new(id, title, Shape::Number, priority)
    }

    pub(super) const fn sentence(id: &'static str, title: &'static str, priority: u8) -> Self {
        Self::new(id, title, Shape::Sentence, priority).sought()
    }

    pub(super) const fn sought(mut self) -> Self {
        self.sought = true;
        self
    }

    pub(super) const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }
}
