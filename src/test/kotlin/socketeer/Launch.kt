package socketeer

import java.io.BufferedReader
import java.io.File
import java.net.InetSocketAddress
import java.net.Socket
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/**
 * `samples/run ARGS`, started as a user does, with this JVM's JDK and Maven's local repository, and minding SIGINT even
 * where these tests run in the background of a shell, which lets its children ignore it.
 *
 * Whatever hangs is killed after a while, so that a test which waits for a line or the end fails instead of hanging
 * too.
 */
class Launch(
    vararg args: String,
    directory: File = File("."),
    environment: Map<String, String> = emptyMap(),
) : AutoCloseable {
    private val process = ProcessBuilder(minding + File("samples/run").absolutePath + args).directory(directory).apply {
        environment() += environment
        environment()["JAVA_HOME"] = System.getProperty("java.home")
        System.getProperty("localRepository")?.let { environment()["MAVEN_OPTS"] = "-Dmaven.repo.local=$it" }
    }.start()

    private val errors = FutureTask { process.errorReader().readText() }
    private val output: BufferedReader = process.inputReader()

    init {
        // Threads of their own: the common pool has but one on a small machine, and that one would be blocked.
        thread(isDaemon = true) { errors.run() }
        thread(isDaemon = true) { if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) close() }
    }

    val pid: Long get() = process.pid()

    /** The next line on standard output, or null after the last. */
    fun line(): String? = output.readLine()

    /** The address that a server sample says it listens on. */
    fun listening(): InetSocketAddress {
        val line = line() ?: error("it ended with ${end()} and said ${stderr()}")
        val (host, port) = checkNotNull(Regex("listening on (.+):(\\d+)").matchEntire(line)) { line }.destructured
        return InetSocketAddress(host, port.toInt())
    }

    /** Types [text] on its standard input, and ends that unless told otherwise. */
    fun type(text: String, end: Boolean = true) = process.outputWriter().run {
        write(text)
        if (end) close() else flush()
    }

    fun signal(name: String) {
        ProcessBuilder("kill", "-$name", "$pid").start().waitFor()
    }

    /** Waits for its end: the exit code. */
    fun end(): Int = process.waitFor()

    /** What is left of standard output, once it has ended. */
    fun stdout(): String = output.readText()

    /** All of standard error, once it has ended. */
    fun stderr(): String = errors.get()

    override fun close() {
        process.destroyForcibly()
    }
}

/** Sends [text], ends the sending side, and gives all that comes back. */
fun InetSocketAddress.ask(text: String): String = Socket(address, port).use {
    it.outputStream.write(text.toByteArray())
    it.shutdownOutput()
    it.inputStream.readAllBytes().decodeToString()
}

// GNU's env(1); where it is another one, the tests have to run in the foreground.
private val minding = listOf("env", "--default-signal=INT").let { env ->
    if (ProcessBuilder(env + "true").start().waitFor() == 0) env else emptyList()
}

private const val PATIENCE_SECONDS = 180L
