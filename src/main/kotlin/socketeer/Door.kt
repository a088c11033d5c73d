package socketeer

import kotlinx.io.bytestring.ByteString
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** Why a connection was turned away. */
public enum class Refusal {
    /** Its address is in [Limits.deny], or not in [Limits.allow]. */
    DENIED,

    /** Its address holds [Limits.perAddress] connections already. */
    PER_ADDRESS,

    /** There is no descriptor left to serve it with, and there has been none for a while. */
    EXHAUSTED,
}

/** Who may come in, and how fast. It knows no clock: time is an argument. */
internal class Door(private val limits: Limits) {
    private val guests = HashMap<ByteString, Int>()

    /** When the rate would allow a connection that nobody had come before, since the server's start. */
    private var due = Duration.ZERO

    /** Lets [address] in, to be followed by [leave], and gives null; or says why not. */
    fun enter(address: Address): Refusal? {
        if (isDenied(address)) return Refusal.DENIED
        val most = limits.perAddress ?: return null
        val guest = guest(address) ?: return null
        return synchronized(guests) {
            val here = guests[guest] ?: 0
            if (here >= most) return Refusal.PER_ADDRESS
            guests[guest] = here + 1
            null
        }
    }

    fun leave(address: Address) {
        if (limits.perAddress == null) return
        val guest = guest(address) ?: return
        synchronized(guests) { guests.computeIfPresent(guest) { _, here -> (here - 1).takeIf { it > 0 } } }
    }

    /** One was accepted at [now]: how long the next one has to wait. */
    fun pause(now: Duration): Duration {
        val rate = limits.acceptRate ?: return Duration.ZERO
        val interval = 1.seconds / rate
        due = maxOf(now, due) + interval
        return (due - now - interval * (rate - 1)).coerceAtLeast(Duration.ZERO)
    }

    private fun isDenied(address: Address): Boolean {
        if (limits.deny.isEmpty() && limits.allow.isEmpty()) return false
        val ip = ip(address) ?: return false
        return limits.deny.any { ip in it } || (limits.allow.isNotEmpty() && limits.allow.none { ip in it })
    }

    private fun guest(address: Address): ByteString? =
        ip(address)?.unmapped?.run { if (isV4) bytes else bytes.substring(0, SUBSCRIBER) }

    private fun ip(address: Address): Ip? = if (address is HostAddress) Ip.parseOrNull(address.host) else null

    private companion object {
        /** The bytes of an IPv6 address that its subscriber doesn't choose. */
        const val SUBSCRIBER = 8
    }
}
