use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn f(&self) -> Vec<Entry>;
}

fn main() {}
