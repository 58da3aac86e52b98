// Folders for the files of a running process.

internal import CLinux

/// A folder by its path.
struct Folder {
    let path: String

    /// Whether it is a folder of this user, and no link, that nobody else may enter.
    var isPrivate: Bool { unsafe gyre_folder_is_private(path) == 1 }

    /// Whether this process may put files there.
    var isWritable: Bool { unsafe gyre_folder_is_writable(path) == 1 }

    /// Makes it with these permissions, unless something is there.
    func make(mode: UInt32) { _ = unsafe gyre_folder_make(path, mode) }
}
