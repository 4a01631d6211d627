//! Outlines of characters from the fonts in `fonts/`: the pictures hold paths and need no font
//! where they are looked at.

use super::shapes::number;
use anyhow::Context;
use std::fmt::Write;
use ttf_parser::{Face, OutlineBuilder};

const REGULAR: &[u8] = include_bytes!("../fonts/JetBrainsMono-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/JetBrainsMono-Bold.ttf");
/// For what the others lack.
const OTHER: &[u8] = include_bytes!("../fonts/DejaVuSansMono.ttf");

/// The faces, the first that has a character draws it.
pub struct Fonts {
    regular: Face<'static>,
    bold: Face<'static>,
    other: Face<'static>,
}

impl Fonts {
    pub fn load() -> anyhow::Result<Self> {
        let face = |bytes| Face::parse(bytes, 0).context("a font in fonts/ is damaged");
        Ok(Self {
            regular: face(REGULAR)?,
            bold: face(BOLD)?,
            other: face(OTHER)?,
        })
    }

    /// The outline as an SVG path: baseline at 0, scaled so that an advance is `width`. `None`
    /// where no face has the character.
    pub fn outline(&self, character: char, bold: bool, width: f32) -> Option<String> {
        let first = if bold { &self.bold } else { &self.regular };
        let mut faces = [first, &self.other].into_iter();
        let (face, glyph) =
            faces.find_map(|face| face.glyph_index(character).map(|glyph| (face, glyph)))?;
        let space = face
            .glyph_index(' ')
            .and_then(|space| face.glyph_hor_advance(space))?;
        let mut pen = Pen {
            scale: width / f32::from(space),
            path: String::new(),
        };
        face.outline_glyph(glyph, &mut pen);
        Some(pen.path)
    }
}

struct Pen {
    scale: f32,
    path: String,
}

impl Pen {
    fn put(&mut self, command: char, points: &[(f32, f32)]) {
        self.path.push(command);
        for (at, (x, y)) in points.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            let (x, y) = (number(x * self.scale), number(-y * self.scale));
            // A String takes everything.
            let _ = write!(self.path, "{gap}{x} {y}");
        }
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.put('M', &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.put('L', &[(x, y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.put('Q', &[(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.put('C', &[(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.path.push('Z');
    }
}
