//! The page engine on small hand-built plans: orders of a till become customers and drafts in the books.

mod answers;
mod flows;
mod maps;
mod paces;
mod personal;
mod relink;
mod rules;
mod shop;
mod systems;
mod trial;
