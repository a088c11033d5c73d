package socketeer

import java.io.BufferedReader
import java.io.InputStream
import java.io.Writer
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes

/**
 * The main function of [main]'s file in a JVM of its own, with at most [descriptors] descriptors, started by the
 * command [under] if there is one. Killed when [patience] is over.
 */
class ChildJvm(
    main: String,
    vararg args: String,
    descriptors: Int? = null,
    under: List<String> = emptyList(),
    patience: Duration = 2.minutes,
) : AutoCloseable {
    private val process =
        ProcessBuilder(
            listOf("sh", "-c", (if (descriptors == null) "" else "ulimit -n $descriptors && ") + "exec \"$@\"", "sh") +
                under + listOf("${System.getProperty("java.home")}/bin/java", "-XX:+UseSerialGC", "-Xmx512m") +
                "--enable-native-access=ALL-UNNAMED" +
                listOf("-cp", System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")) +
                main + args,
        ).redirectErrorStream(true).start()

    private val output: BufferedReader = process.inputReader()
    private val input: Writer = process.outputWriter()

    init {
        CompletableFuture.delayedExecutor(patience.inWholeSeconds, TimeUnit.SECONDS).execute(::close)
    }

    /** Its next line, or null after the last. */
    fun line(): String? = output.readLine()

    /** Tells it to go on. */
    fun next() = tell("")

    /** Writes it a [line]. */
    fun tell(line: String) {
        input.write("$line\n")
        input.flush()
    }

    /** Sends it SIGTERM; its output is still to be read. */
    fun terminate() {
        process.toHandle().destroy()
    }

    /** Its exit code, once it has ended. */
    fun end(): Int = process.waitFor()

    /** All that is left of its output, once it has ended. */
    fun rest(): String = output.readText()

    override fun close() {
        process.destroyForcibly()
    }
}

/** In a child: waits until it is told to go on; false when its parent has gone. */
fun InputStream.toldToGoOn(): Boolean = read() >= 0
