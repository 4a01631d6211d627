//! Slots that are reused, and handles that notice it.

use std::collections::VecDeque;

/// Bits of a handle that name the slot; the others count how often it was reused, so that a
/// handle kept too long finds nothing instead of somebody else's row. 16 million slots.
const INDEX_BITS: u32 = 24;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;

/// The slot that a handle names: dense and small, for bit sets over handles.
pub const fn slot(handle: u32) -> usize {
    (handle & INDEX_MASK) as usize
}

/// Values under `u32` handles.
#[derive(Debug)]
pub(super) struct Arena<T> {
    slots: Vec<Slot<T>>,
    /// Oldest first, so that a slot rests as long as possible before it is used again.
    free: VecDeque<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u8,
    value: Option<T>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: VecDeque::new(),
        }
    }
}

fn handle(index: u32, generation: u8) -> u32 {
    (u32::from(generation) << INDEX_BITS) | (index & INDEX_MASK)
}

impl<T> Arena<T> {
    /// Keeps a value.
    pub fn insert(&mut self, value: T) -> u32 {
        if let Some(index) = self.free.pop_front()
            && let Some(slot) = self.slots.get_mut(index as usize)
        {
            slot.value = Some(value);
            return handle(index, slot.generation);
        }
        let index = u32::try_from(self.slots.len()).unwrap_or(INDEX_MASK);
        self.slots.push(Slot {
            generation: 0,
            value: Some(value),
        });
        handle(index, 0)
    }

    fn live(&self, id: u32) -> Option<&Slot<T>> {
        self.slots
            .get(slot(id))
            .filter(|slot| u32::from(slot.generation) == id >> INDEX_BITS)
    }

    /// The value behind a handle.
    pub fn get(&self, id: u32) -> Option<&T> {
        self.live(id)?.value.as_ref()
    }

    /// The value behind a handle.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        self.live(id)?;
        self.slots.get_mut(slot(id))?.value.as_mut()
    }

    /// Takes a value out; its handle is dead from now on.
    pub fn remove(&mut self, id: u32) -> Option<T> {
        self.live(id)?;
        let index = u32::try_from(slot(id)).unwrap_or(INDEX_MASK);
        let slot = self.slots.get_mut(slot(id))?;
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push_back(index);
        Some(value)
    }

    /// All values, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let index = u32::try_from(index).unwrap_or(INDEX_MASK);
            Some((handle(index, slot.generation), slot.value.as_ref()?))
        })
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_handle_finds_nothing_even_when_its_slot_lives_again() {
        let mut arena = Arena::default();
        let a = arena.insert("a");
        assert_eq!(arena.remove(a), Some("a"));
        let b = arena.insert("b");
        assert_eq!(slot(a), slot(b), "the slot is reused");
        assert_eq!((arena.get(a), arena.get(b)), (None, Some(&"b")));
        assert_eq!(arena.remove(a), None);
        assert_eq!(arena.len(), 1);
    }
}
