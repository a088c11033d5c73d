package socketeer.loop

import socketeer.AddressInUseException
import socketeer.AddressNotAvailableException
import socketeer.BrokenException
import socketeer.DeniedException
import socketeer.ExhaustedException
import socketeer.FailedException
import socketeer.RefusedException
import socketeer.SocketeerException
import socketeer.TimedOutException
import socketeer.TooLargeException
import socketeer.UnreachableException
import socketeer.UnsupportedException
import java.io.IOException
import java.net.BindException
import java.net.ConnectException
import java.net.NoRouteToHostException
import java.net.PortUnreachableException
import java.nio.channels.SocketChannel
import java.nio.channels.UnsupportedAddressTypeException

/*
 * The JDK's exceptions, told apart: by type where the JDK has one, else by the system's words. Those are English unless
 * the process has asked for another locale; what is not recognised keeps its words and becomes the general case.
 */

/** What went wrong while doing [what], in our family. */
internal fun fault(what: String, cause: Throwable): SocketeerException {
    if (cause is SocketeerException) return cause
    val words = cause.message ?: cause.javaClass.simpleName
    val message = "$what: $words"

    fun says(vararg phrases: String) = phrases.any { words.contains(it, ignoreCase = true) }
    return when {
        says("Too many open files", "No buffer space", "Cannot allocate memory", "out of memory") ->
            ExhaustedException(message, cause)
        cause is BindException && says("Cannot assign") -> AddressNotAvailableException(message, cause)
        says("Permission denied", "not permitted") -> DeniedException(message, cause)
        cause is BindException || says("Address already in use") -> AddressInUseException(message, cause)
        cause is PortUnreachableException -> RefusedException("$what: nobody is there (ICMP port unreachable)", cause)
        cause is NoRouteToHostException || says("unreachable", "no route") -> UnreachableException(message, cause)
        cause is ConnectException && says("timed out") -> TimedOutException(message, cause)
        cause is ConnectException || says("No such file") || says(
            "refused",
        ) -> RefusedException(message, cause)
        says("Message too long", "Message too large") -> TooLargeException(message)
        cause is UnsupportedOperationException || cause is UnsupportedAddressTypeException -> UnsupportedException(
            message,
            cause,
        )
        else -> FailedException(message, cause)
    }
}

/** What went wrong on an established connection: whatever the words, the connection is broken. */
internal fun broken(what: String, cause: IOException): BrokenException =
    BrokenException("$what: ${cause.message ?: cause.javaClass.simpleName}", cause)

/**
 * Whether accept failed for want of descriptors or memory: by its words or, as those depend on the locale, by trying.
 */
internal fun isExhaustion(cause: IOException): Boolean =
    fault("accept", cause) is ExhaustedException || spareOrNull().also { it?.close() } == null

/** A descriptor, if there is one. */
internal fun spareOrNull(): SocketChannel? = try {
    SocketChannel.open()
} catch (_: IOException) {
    null
}

/** Whether accept failed for a reason of the connection that it took: the next one may be better. */
internal fun isOfConnection(cause: IOException): Boolean =
    OF_CONNECTION.any { cause.message.orEmpty().contains(it, ignoreCase = true) }

/**
 * What accept(2) says is to be taken as "try again", since it is an error of the new connection: ECONNABORTED, EPERM (a
 * firewall), and on Linux, which passes them on, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
 * ENETUNREACH; ECONNRESET and ETIMEDOUT elsewhere.
 */
private val OF_CONNECTION = listOf(
    "connection abort",
    "not permitted",
    "network is down",
    "protocol error",
    "protocol not available",
    "host is down",
    "not on the network",
    "no route to host",
    "unreachable",
    "connection reset",
    "timed out",
)

/** What [block] gives; the system's refusals while doing [what] as our own family. */
internal inline fun <R> orFault(what: String, block: () -> R): R = try {
    block()
} catch (cause: IOException) {
    throw fault(what, cause)
} catch (cause: UnsupportedOperationException) {
    throw fault(what, cause)
} catch (cause: UnsupportedAddressTypeException) {
    throw fault(what, cause)
}
