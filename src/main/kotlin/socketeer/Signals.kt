package socketeer

import sun.misc.Signal
import java.util.concurrent.CopyOnWriteArrayList

/**
 * SIGINT and SIGTERM for as long as somebody listens, then whatever was there before.
 *
 * The signals are the process's, so this is the one place where something is shared by everybody in it.
 */
internal object Signals {
    private val listeners = CopyOnWriteArrayList<(String) -> Unit>()
    private var before = emptyMap<Signal, sun.misc.SignalHandler>()

    /** Calls [listener] with the signal's name, on a thread of the JVM's, until the result is closed. */
    fun listen(listener: (String) -> Unit): AutoCloseable {
        synchronized(this) {
            listeners += listener
            if (listeners.size == 1) before = NAMES.mapNotNull(::install).toMap()
        }
        return AutoCloseable {
            synchronized(this) {
                listeners -= listener
                if (listeners.isEmpty()) before.forEach { (signal, handler) -> Signal.handle(signal, handler) }
            }
        }
    }

    private fun install(name: String): Pair<Signal, sun.misc.SignalHandler>? = try {
        val signal = Signal(name)
        signal to Signal.handle(signal) { for (each in listeners) each("SIG$name") }
    } catch (_: IllegalArgumentException) {
        // The JVM was started with -Xrs, or the platform has no such signal: then it does what it always does.
        null
    }

    private val NAMES = listOf("INT", "TERM")
}
