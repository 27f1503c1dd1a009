use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn copy(&self) -> Self;
}

fn main() {}
