//! Deliberately wrong variants of the protocol, one for each rule: a test that catches every one of them is shown to be able to fail, and every rule
//! to be needed. The place of a rule asks [`is`] in one line. Only tests of this crate can switch one on; elsewhere the answer is a constant, and
//! nothing of it is left in the program.

/// A rule, and how it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wrong {
    /// The intent is stored once the request is out.
    IntentAfterSend,
    /// What a dead holder released is not looked up.
    NoReconcile,
    /// Two processes write at once.
    #[cfg(test)]
    NoExclusion,
    /// A link and the outcome of its write are stored one after the other.
    #[cfg(test)]
    LinkOutsideTransaction,
    /// The cursor moves before the records below it have ended.
    CursorTooEarly,
    /// The cursor moves to the run's end rather than to its first request.
    CursorUncapped,
    /// A record that waits or was left out counts as skipped for good.
    LeftOutIsTerminal,
    /// Settling is counted from the intent's time stamp.
    SettlesFromIntent,
    /// *Not found* is believed too soon.
    SettlesTooShort,
    /// A look-up asks for the form that was written, and for none that it can have taken since.
    LooksForDraftsOnly,
    /// A record whose mark merely holds ours is taken for ours.
    ForeignMarkAdopted,
    /// What was found after a crash is taken to hold what the record says now.
    HashOfIntent,
    /// What was stored is lost with the power, though the store said that it was kept.
    #[cfg(test)]
    UnsyncedStore,
    /// Nobody waits for who writes under the same key.
    NoClaim,
    /// A list that shifts between two pages is read on.
    OffsetPagingTrusted,
    /// A POST follows a redirect.
    #[cfg(test)]
    RedirectFollowed,
    /// The first of a window leaves before the window is stored.
    FirstOfWindowEarly,
    /// A write whose answer was lost is sent again without a look-up.
    ResentUnseen,
    /// No answer in time is taken for a request that never left.
    TimeoutIsUnsent,
    /// A fourth attempt leaves.
    FourthAttempt,
    /// What nothing would tell of is sent as often as what can be found.
    UnseenResent,
    /// A key is not looked up before the first attempt.
    NotLookedUpFirst,
    /// A draft is booked before its total is compared.
    BookedUnconfirmed,
    /// A document that a person deleted is made again.
    GoneMadeAgain,
    /// Who changes a record does not wait for an earlier change of which nobody knows.
    ChangedUnheld,
    /// A restored or moved store writes at once.
    NotCautious,
    /// What ended in doubt is not looked at a second time.
    NoSecondLook,
    /// A read that does not show what was written a moment ago is believed.
    MissBelieved,
    /// A record goes on with what it is linked to, though another one has its key by now.
    LinkOverKey,
    /// A second attempt carries something of its own.
    RetryRenewed,
    /// What was sent is kept for ever.
    #[cfg(test)]
    NeverErased,
}

/// Whether a variant is on: never, outside of tests.
#[cfg(not(test))]
pub(crate) const fn is(_: Wrong) -> bool {
    false
}

#[cfg(test)]
pub(crate) use switch::{is, with};

#[cfg(test)]
mod switch {
    use std::cell::Cell;

    use super::Wrong;

    thread_local! {
        static ON: Cell<Option<Wrong>> = const { Cell::new(None) };
    }

    impl Wrong {
        /// All of them.
        pub(crate) const ALL: [Wrong; 31] = [
            Wrong::IntentAfterSend,
            Wrong::NoReconcile,
            Wrong::NoExclusion,
            Wrong::LinkOutsideTransaction,
            Wrong::CursorTooEarly,
            Wrong::CursorUncapped,
            Wrong::LeftOutIsTerminal,
            Wrong::SettlesFromIntent,
            Wrong::SettlesTooShort,
            Wrong::LooksForDraftsOnly,
            Wrong::ForeignMarkAdopted,
            Wrong::HashOfIntent,
            Wrong::UnsyncedStore,
            Wrong::NoClaim,
            Wrong::OffsetPagingTrusted,
            Wrong::RedirectFollowed,
            Wrong::FirstOfWindowEarly,
            Wrong::ResentUnseen,
            Wrong::TimeoutIsUnsent,
            Wrong::FourthAttempt,
            Wrong::UnseenResent,
            Wrong::NotLookedUpFirst,
            Wrong::BookedUnconfirmed,
            Wrong::GoneMadeAgain,
            Wrong::ChangedUnheld,
            Wrong::NotCautious,
            Wrong::NoSecondLook,
            Wrong::MissBelieved,
            Wrong::LinkOverKey,
            Wrong::RetryRenewed,
            Wrong::NeverErased,
        ];
    }

    /// Whether a variant is on in this thread.
    pub(crate) fn is(wrong: Wrong) -> bool {
        ON.get() == Some(wrong)
    }

    /// Does something under a wrong variant, in this thread, or under none.
    pub(crate) fn with<T>(wrong: Option<Wrong>, act: impl FnOnce() -> T) -> T {
        struct Back(Option<Wrong>);
        impl Drop for Back {
            fn drop(&mut self) {
                ON.set(self.0);
            }
        }
        let _back = Back(ON.replace(wrong));
        act()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_variant_is_on_in_one_thread_until_it_ends() {
        for wrong in Wrong::ALL {
            with(Some(wrong), || {
                let on: Vec<Wrong> = Wrong::ALL.into_iter().filter(|one| is(*one)).collect();
                assert_eq!(on, [wrong]);
                let elsewhere = std::thread::spawn(move || is(wrong));
                assert!(!elsewhere.join().unwrap());
            });
            assert!(!is(wrong));
        }
    }
}
