package socketeer.loop

import socketeer.AddressInUseException
import socketeer.AddressNotAvailableException
import socketeer.MAX_UNIX_PATH
import java.io.IOException
import java.net.ConnectException
import java.net.SocketException
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.SocketChannel
import java.nio.file.FileAlreadyExistsException
import java.nio.file.Files
import java.nio.file.LinkOption.NOFOLLOW_LINKS
import java.nio.file.NoSuchFileException
import java.nio.file.Path
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.nio.file.attribute.BasicFileAttributes
import java.nio.file.attribute.PosixFilePermission
import java.nio.file.attribute.PosixFilePermissions

/*
 * The file of a Unix socket.
 *
 * The system makes it on bind with whatever mode the umask leaves, never replaces one that a dead server left behind,
 * and never removes it. So: a socket is bound inside a directory that only we may enter, gets its mode there, and then
 * its place by a hard link, which never replaces anything: nobody else can connect before the mode is right. A file in
 * the way is probed with a connect and taken away only if it's a socket that nobody listens on. Whatever has its place
 * listens, so that it never looks like a dead one to another server that starts at the same time. And at the end the
 * file is removed if it is still the one that was put there, by its inode.
 *
 * All of it blocks, if briefly: to be called aside.
 */
internal class SocketFile private constructor(val path: Path, private val key: Any?) {
    /** Removes the file, unless somebody has put another in its place. */
    fun remove() {
        if (isOurs) Files.deleteIfExists(path)
    }

    val isOurs: Boolean get() = keyOf(path).let { it != null && it == key }

    /** Puts in this file's place, if it is ours still, the listening socket that [bind] makes, with [mode]. */
    fun replacedBy(mode: String, bind: (Path) -> Unit): SocketFile = privately(path, mode, bind) { made ->
        if (!isOurs) throw AddressInUseException("listen on $path: somebody else has taken the path")
        val key = keyOf(made)
        Files.move(made, path, ATOMIC_MOVE)
        SocketFile(path, key)
    }

    companion object {
        /**
         * Puts the listening socket that [bind] makes at [path], in place of a stale one if there is one, with [mode].
         *
         * @throws AddressInUseException if a live socket, or a file of another kind, is there.
         */
        fun made(path: Path, mode: String, bind: (Path) -> Unit): SocketFile {
            val parent = path.toAbsolutePath().parent
            if (parent != null && !Files.isDirectory(parent)) {
                throw AddressNotAvailableException("bind $path: no directory $parent")
            }
            return privately(path, mode, bind) { made ->
                val key = keyOf(made)
                synchronized(this) { place(made, path) }
                SocketFile(path, key)
            }
        }

        // One at a time in this process; against other processes the steps are as close together as they can be.
        private fun place(made: Path, path: Path) {
            try {
                Files.createLink(path, made)
            } catch (_: FileAlreadyExistsException) {
                removeStale(path)
                putAt(made, path)
            }
        }

        /**
         * The same where the name that [bind] gives is the one that peers see and answer to, as with datagrams: it must
         * be the path itself. So there is a moment, between bind and chmod, at which others could send.
         */
        fun madeInPlace(path: Path, mode: String, bind: () -> Unit): SocketFile {
            synchronized(this) {
                // junixsocket would unlink whatever is in its way.
                removeStale(path)
                bind()
            }
            Files.setPosixFilePermissions(path, permissions(mode))
            return SocketFile(path, keyOf(path))
        }

        /**
         * Gives [block] the file that [bind] makes with a path in a directory of our own, a long one through a link.
         */
        private fun privately(path: Path, mode: String, bind: (Path) -> Unit, block: (Path) -> SocketFile): SocketFile {
            val directory = privateDirectory(path.parent ?: Path.of("."))
            val made = directory.resolve(NAME)
            var link: Path? = null
            try {
                if (made.toString().encodeToByteArray().size <= MAX_UNIX_PATH) {
                    bind(made)
                } else {
                    link = privateDirectory(Path.of(System.getProperty("java.io.tmpdir"))).resolve("d")
                    Files.createSymbolicLink(link, directory.toRealPath())
                    bind(link.resolve(NAME))
                }
                Files.setPosixFilePermissions(made, permissions(mode))
                return block(made)
            } finally {
                if (link != null) {
                    Files.deleteIfExists(link)
                    Files.deleteIfExists(link.parent)
                }
                Files.deleteIfExists(made)
                Files.deleteIfExists(directory)
            }
        }

        private fun removeStale(path: Path) {
            try {
                keyOf(path)?.let { removeStale(path, it) }
            } catch (_: NoSuchFileException) {
                // Somebody else has removed it already.
            }
        }

        private fun removeStale(path: Path, key: Any) {
            if (!isSocket(path)) throw AddressInUseException("bind $path: there is a file that is not a socket")
            if (isLive(path)) throw AddressInUseException("bind $path: Address already in use, by a live socket")
            val directory = privateDirectory(path.parent ?: Path.of("."))
            val taken = directory.resolve(NAME)
            try {
                if (keyOf(path) != key) throw justStarted(path)
                // Take it away first and look again: two that start at once must not take each other's new socket.
                Files.move(path, taken, ATOMIC_MOVE)
                if (keyOf(taken) != key) {
                    putAt(taken, path)
                    throw justStarted(path)
                }
            } finally {
                Files.deleteIfExists(taken)
                Files.deleteIfExists(directory)
            }
        }

        private fun putAt(taken: Path, path: Path) {
            try {
                Files.createLink(path, taken)
            } catch (_: FileAlreadyExistsException) {
                throw justStarted(path)
            }
        }

        private fun justStarted(path: Path) =
            AddressInUseException("bind $path: Address already in use, by a socket that has just started")

        /** Only a refusal says that nobody listens: a full backlog, another type of socket, no permission don't. */
        private fun isLive(path: Path): Boolean = SocketChannel.open(StandardProtocolFamily.UNIX).use { probe ->
            probe.configureBlocking(false)
            try {
                probe.connect(UnixDomainSocketAddress.of(path))
                true
            } catch (cause: ConnectException) {
                cause.message?.contains("refused", ignoreCase = true) != true
            } catch (cause: SocketException) {
                cause.message?.contains("No such file", ignoreCase = true) != true
            } catch (_: IOException) {
                true
            }
        }

        private fun isSocket(path: Path): Boolean =
            (Files.getAttribute(path, "unix:mode", NOFOLLOW_LINKS) as Int) and TYPE == SOCKET

        private fun keyOf(path: Path): Any? = try {
            Files.readAttributes(path, BasicFileAttributes::class.java, NOFOLLOW_LINKS).fileKey()
        } catch (_: NoSuchFileException) {
            null
        }

        /** Runs [block] with a path that only this process's user can reach, and that is gone afterwards. */
        fun <R> inPrivate(block: (Path) -> R): R {
            val directory = privateDirectory(Path.of(System.getProperty("java.io.tmpdir")))
            try {
                return block(directory.resolve(NAME))
            } finally {
                Files.deleteIfExists(directory.resolve(NAME))
                Files.deleteIfExists(directory)
            }
        }

        private fun privateDirectory(parent: Path): Path = Files.createTempDirectory(parent, ".s", OWNER_ONLY)

        private fun permissions(mode: String): Set<PosixFilePermission> {
            val bits = mode.toInt(radix = 8)
            // The constants stand in the order of the bits, the owner's read first.
            return PosixFilePermission.entries.filterIndexedTo(HashSet()) { i, _ -> bits shr (8 - i) and 1 == 1 }
        }

        private val OWNER_ONLY = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        private const val NAME = "s"

        // inode(7)
        private const val TYPE = 0xf000
        private const val SOCKET = 0xc000
    }
}
