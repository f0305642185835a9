//! Codes of files, folders, settings and environment: F0600 to F0699.

use super::Entry;

pub(super) const CODES: &[Entry] = &[
    Entry {
        code: "F0601",
        title: "No such folder",
        page: r#"The folder or file that is named does not exist. A way in `use` begins at the folder of the file it stands in."#,
    },
    Entry {
        code: "F0602",
        title: "No flow text",
        page: r#"A flowbook is a folder of files whose names end in `.flow`. Folders inside it are not looked into: they are brought in by `use`."#,
    },
    Entry {
        code: "F0603",
        title: "Not UTF-8",
        page: r#"Flow text and CSV files are UTF-8. Spreadsheet programs often save CSV in another encoding; choose “CSV UTF-8” when saving."#,
    },
    Entry {
        code: "F0604",
        title: "No text",
        page: r#"The file holds binary data: its name promises flow text or a table, its content is something else, a picture or an archive say."#,
    },
    Entry {
        code: "F0605",
        title: "A file that is too large",
        page: r#"Flow text of more than 1 MB and tables of more than 10 MB are not read: a file of that size is nearly always something else by mistake."#,
    },
    Entry {
        code: "F0606",
        title: "A file that cannot be read",
        page: r#"The file or folder is there and cannot be read: its permissions forbid it, it is a folder where a file is expected, or the disk fails."#,
    },
    Entry {
        code: "F0607",
        title: "Folders that use each other",
        page: r#"`use` brings in another folder below this one; a circle would have no lowest layer. What both need goes into a third folder."#,
    },
    Entry {
        code: "F0608",
        title: "A way that leads nowhere",
        page: r#"`use` names a folder by the way from the file's own folder, with “/” between its parts, so that a flowbook works on every machine it is copied to:
`use "../ccv-eaccounting"`. No address of the whole disk, no drive letter."#,
    },
    Entry {
        code: "F0609",
        title: "Too many files",
        page: r#"A flowbook of more than 1,000 files is nearly always a wrong folder."#,
    },
    Entry {
        code: "F0610",
        title: "A file outside the flowbook",
        page: r#"A flowbook reads files of its own folder and of the folders it uses, and no others: handed to somebody else it cannot read what is not its own."#,
    },
];
