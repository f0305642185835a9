//! Codes of a flowbook's tests: F0570 to F0599.

use super::Entry;

pub(super) const CODES: &[Entry] = &[
    Entry {
        code: "F0570",
        title: "A test sets an unknown setting",
        page: "\
`set` in a test gives a setting its value for this test. There is no setting of this name.",
    },
    Entry {
        code: "F0571",
        title: "A test says something twice",
        page: "\
A setting, the time, or the records of one resource are given twice in one test, and only one of them could count.",
    },
    Entry {
        code: "F0572",
        title: "A test's value does not fit its setting",
        page: "\
The setting has a type, and this value is none of it. Settings take constants.",
    },
    Entry {
        code: "F0573",
        title: "`given now` is no instant",
        page: "\
`given now` moves the clock by which waiting records expire: day, time and zone, `2026-03-02T09:00:00Z`.",
    },
    Entry {
        code: "F0574",
        title: "A test's file cannot be read",
        page: "\
The path begins at the folder of the file that names it, and stays inside the flowbook's folder or one that it uses. A file behind `given` must be there; one behind `matches` is written by \
`flowbook test --accept`.",
    },
    Entry {
        code: "F0575",
        title: "Answers that a test cannot give",
        page: "\
`given R answers lost` makes the target write and the answer get lost, once for each write: the flow must then find out by itself. Other answers cannot be given.",
    },
    Entry {
        code: "F0576",
        title: "A test expects nothing",
        page: "\
Without an `expect` a test cannot fail, so it proves nothing.

```flow,wrong
test \"unpaid waits\" {
  given now 2026-03-02T09:00:00Z
}
```",
    },
    Entry {
        code: "F0577",
        title: "A test names no flow",
        page: "\
`expect FLOW done 1` runs the flow of this name. There is none.",
    },
    Entry {
        code: "F0578",
        title: "No end of a record",
        page: "\
A record is done, waiting, skipped or failed.",
    },
    Entry {
        code: "F0579",
        title: "`nothing new` of what is no system",
        page: "\
`expect books has nothing new` says that no record of the system was created or changed. Of one resource, records are counted: `expect books.orders has 0`.",
    },
];
