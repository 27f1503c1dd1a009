use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn f(&self, text: str);
}

fn main() {}
