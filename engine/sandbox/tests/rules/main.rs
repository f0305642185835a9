//! What both servers answer and refuse, asked by plain HTTP as the vendors document it.

mod basics;
mod customers;
mod documents;
mod faults;
mod goods;
mod invoices;
mod orders;
mod people;
mod queries;
mod support;
mod switches;
mod till;
