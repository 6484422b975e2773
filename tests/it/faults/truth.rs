//! What a server has published, number by number.

use std::collections::BTreeMap;

use headcount::proto::{
    ExportReleasesRequest, ExportReleasesResponse, PeriodKind, stats_service_client::StatsServiceClient,
};
use tokio_stream::StreamExt;
use tonic::Status;

/// A period of a site: kind and start.
pub type Named = (String, PeriodKind, String);

/// Every release of every site. An error if the server is gone.
pub fn export(url: &str) -> Result<BTreeMap<Named, ExportReleasesResponse>, Status> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = StatsServiceClient::connect(url.to_owned()).await;
        let mut client = client.map_err(|e| Status::unavailable(e.to_string()))?.max_decoding_message_size(1 << 26);
        let request = ExportReleasesRequest { site: String::new(), after_release: 0 };
        let mut stream = client.export_releases(request).await?.into_inner();
        let mut found = BTreeMap::new();
        while let Some(release) = stream.next().await {
            let release = release?;
            let named = (release.site.clone(), release.kind(), release.start.clone());
            assert!(found.insert(named.clone(), release).is_none(), "{named:?} has two releases");
        }
        Ok(found)
    })
}

/// One of the site's own counters with its standard error.
pub fn counter(release: &ExportReleasesResponse, name: &str) -> Option<(i64, f64)> {
    let found = release.counters.iter().find(|c| c.key.is_empty() && c.counter == name)?;
    Some((found.value, found.standard_error))
}

/// A day of the site as it is named in releases.
pub fn day(number: i64) -> Named {
    let date = jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(number));
    ("www".to_owned(), PeriodKind::Day, date.to_string())
}
