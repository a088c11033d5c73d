package socketeer

import java.io.BufferedReader
import java.io.InputStream
import java.io.Writer
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit

/**
 * The main function of [main]'s file in a JVM of its own, with at most [descriptors] descriptors, started by the command
 * [under] if there is one. Killed after a while.
 */
class ChildJvm(
    main: String,
    vararg args: String,
    descriptors: Int? = null,
    under: List<String> = emptyList(),
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
        CompletableFuture.delayedExecutor(PATIENCE_SECONDS, TimeUnit.SECONDS).execute(::close)
    }

    /** Its next line, or null after the last. */
    fun line(): String? = output.readLine()

    /** Tells it to go on. */
    fun next() {
        input.write("\n")
        input.flush()
    }

    /** All that is left of its output, once it has ended. */
    fun rest(): String = output.readText()

    override fun close() {
        process.destroyForcibly()
    }

    private companion object {
        const val PATIENCE_SECONDS = 120L
    }
}

/** In a child: waits until it is told to go on; false when its parent has gone. */
fun InputStream.toldToGoOn(): Boolean = read() >= 0
