package socketeer.java

import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import io.kotest.matchers.shouldBe
import socketeer.ChildJvm
import socketeer.roomFor

/** Ten thousand connections at once, each with a handler that blocks: what virtual threads are for. */
class ManyConnectionsTest : FunSpec({
    test("$MANY connections with Java handlers at once").config(enabledOrReasonIf = { possible() }) {
        ChildJvm("socketeer.java.ManyHandlers", "$MANY").use { server ->
            val port = server.line()!!.substringAfterLast(':')
            ChildJvm("socketeer.ManyPeersKt", port, "$MANY").use { peers ->
                peers.line() shouldBe "$MANY echoed"
                server.next()
                server.line() shouldBe "$MANY connections, threads of the system: few = true"
                peers.next()
                peers.line() shouldBe "$MANY echoed"
            }
            server.next()
            server.line() shouldBe
                "Receipt[accepted=$MANY, finished=$MANY, failed=0, cancelled=0, aborted=0, refused=0]"
        }
    }
})

private const val MANY = 10_000

private fun possible(): Enabled =
    if (Runtime.version().feature() < 21) {
        Enabled.disabled("virtual threads need JDK 21: run it on one, or on a newer one")
    } else {
        roomFor(MANY + SPARE)
    }

private const val SPARE = 500
