package socketeer.loop

import socketeer.ClosedException
import socketeer.Option
import socketeer.Setting
import socketeer.UnsupportedException
import java.io.IOException
import java.net.SocketOption
import java.nio.channels.ClosedChannelException
import java.nio.channels.NetworkChannel

private val PLATFORM = "${System.getProperty(
    "os.name",
)} ${System.getProperty("os.arch")}, JDK ${Runtime.version().feature()}"

internal fun <T : Any> NetworkChannel.option(option: Option<T>, socket: Any): T =
    guarded("get $option of $socket", option) { option.taken(getOption(it)) }

// What [Option.given] makes is of the JDK's type for this option.
@Suppress("UNCHECKED_CAST")
internal fun <T : Any> NetworkChannel.option(option: Option<T>, value: T, socket: Any) {
    val given = option.given(value)
    guarded("set $option to $value on $socket", option) { setOption(it as SocketOption<Any>, given) }
}

internal fun <T : Any> NetworkChannel.set(setting: Setting<T>): Unit =
    option(setting.option, setting.value, "a new socket")

private inline fun <R> NetworkChannel.guarded(what: String, option: Option<*>, call: (SocketOption<*>) -> R): R {
    if (!isOpen) throw ClosedException("$what: it is closed")
    val nio = option.nio
    if (nio == null || nio !in supportedOptions()) {
        throw UnsupportedException("$what: not an option of this kind of socket on $PLATFORM")
    }
    try {
        return call(nio)
    } catch (_: ClosedChannelException) {
        throw ClosedException("$what: it is closed")
    } catch (cause: UnsupportedOperationException) {
        throw UnsupportedException("$what: ${cause.message} on $PLATFORM", cause)
    } catch (cause: IllegalArgumentException) {
        throw UnsupportedException("$what: ${cause.message} on $PLATFORM", cause)
    } catch (cause: IOException) {
        throw fault(what, cause)
    }
}
