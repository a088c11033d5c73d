package socketeer.chaos

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import kotlin.random.Random
import kotlin.time.Duration.Companion.minutes

/**
 * A server in weather that no server should see. The whole of it: `mvn test -Dtest=ChaosTest
 * -Dchaos.connections=1000000`, or for an hour with `-Dsoak.minutes=60`; again as it was with `-Dchaos.seed=…`.
 */
class ChaosTest :
    FunSpec({
        test("connections through the storm: nothing is left, and who is polite is served") {
            val plan = Plan(
                seed = System.getProperty("chaos.seed")?.toLong() ?: Random.nextLong(0, Int.MAX_VALUE.toLong()),
                connections = System.getProperty("chaos.connections", "3000").toLong(),
                time = System.getProperty("soak.minutes", "0").toInt().minutes,
            )
            println("chaos, seed ${plan.seed}")
            val report = chaos(plan)
            println(report)
            report.faults.shouldBeEmpty()
        }

        test("the judge sees a leak of a hundred bytes a connection in a million, and every single other thing") {
            val before = mapOf("descriptors" to 7L, "keys" to 1L, "directMiB" to 1L, "heap" to 9_000_000L)
            leaks(before, before + mapOf("heap" to 3_000_000L, "cpuMillis" to 2L), 3_000).shouldBeEmpty()
            leaks(before, before + mapOf("heap" to 100_000_000L), 1_000_000).single() shouldBe
                "heap: grown by 100000000 bytes, 100 a connection"
            for (what in listOf("descriptors", "keys", "coroutines", "timers", "directMiB")) {
                leaks(before, before + mapOf(what to 1L), 1_000_000).single() shouldBe
                    "$what: ${before(what)} before, ${before(what) + 1} after"
            }
            leaks(before, before + mapOf("cpuMillis" to 100L), 1_000_000).size shouldBe 1
        }
    })
