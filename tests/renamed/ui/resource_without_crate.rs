#[dsp::resource(name = "acme.ledger")]
pub trait Board {
    async fn pin(&self, text: String) -> u8;
}

fn uses(_: &dyn Board) {}

fn main() {}
