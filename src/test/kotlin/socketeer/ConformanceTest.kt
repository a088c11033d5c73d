package socketeer

import io.kotest.core.spec.style.FunSpec
import socketeer.testing.Ability
import socketeer.testing.Maker
import socketeer.testing.networkLaws
import socketeer.testing.networks
import socketeer.testing.pairs

class ConformanceTest :
    FunSpec({
        hold(pairs("memory pairs", Ability.DESCRIPTORS) { memoryPair() })
        hold(networks("memory network", Ability.DESCRIPTORS) { MemoryNetwork() })
    })

/** A test for each law; those that don't apply are listed as ignored. */
private fun FunSpec.hold(maker: Maker) {
    context(maker.name) {
        for (law in networkLaws(maker)) {
            if (law.missing.isEmpty()) {
                test(law.name) {
                    law.check()
                }
            } else {
                xtest("${law.name} (lacks ${law.missing})") {}
            }
        }
    }
}
