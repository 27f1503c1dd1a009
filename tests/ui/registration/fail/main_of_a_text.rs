#![allow(unused)]

dagstack_plugin::main!("echo");
