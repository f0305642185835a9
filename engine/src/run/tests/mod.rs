//! The page engine on small hand-built plans.
