package socketeer.loop

import socketeer.ClosedException
import socketeer.Option
import socketeer.Setting
import socketeer.UnsupportedException
import java.io.IOException
import java.nio.channels.ClosedChannelException
import java.nio.channels.NetworkChannel

private val PLATFORM = "${System.getProperty(
    "os.name",
)} ${System.getProperty("os.arch")}, JDK ${Runtime.version().feature()}"

internal fun <T : Any> NetworkChannel.option(option: Option<T>, socket: Any): T =
    guarded("get $option of $socket", option) { getOption(option.nio) }

internal fun <T : Any> NetworkChannel.option(option: Option<T>, value: T, socket: Any) {
    guarded("set $option to $value on $socket", option) { setOption(option.nio, option.check(value)) }
}

internal fun <T : Any> NetworkChannel.set(setting: Setting<T>): Unit =
    option(setting.option, setting.value, "a new socket")

private inline fun <R> NetworkChannel.guarded(what: String, option: Option<*>, call: () -> R): R {
    if (option.nio !in
        supportedOptions()
    ) {
        throw UnsupportedException("$what: not an option of this kind of socket on $PLATFORM")
    }
    try {
        return call()
    } catch (_: ClosedChannelException) {
        throw ClosedException("$what: it is closed")
    } catch (cause: UnsupportedOperationException) {
        throw UnsupportedException("$what: ${cause.message} on $PLATFORM", cause)
    } catch (cause: IOException) {
        throw fault(what, cause)
    }
}
