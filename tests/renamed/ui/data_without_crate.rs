use dsp::prelude::*;

#[data]
#[derive(Default)]
struct Note {
    #[serde(default)]
    text: String,
}

#[derive(Default)]
struct Echo;

#[plugin(crate = ::dsp, kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn echo(&self, note: Note) -> String {
        note.text
    }
}

fn main() {}
